"""The coupling maps that the lessons draw: kept beside the notebooks as data, a picture again on a page, in any language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checker.coupling import CouplingMap
from checker.coupling.model import Call, Import, Join, Module, Query, Step, Table
from checker.coupling.svg import drawing
from checker.course import Course, Lab
from checker.report.markup import tag
from checker.report.page import language_tag
from checker.report.words import Translate, Voice

__all__ = ["keep_map", "map_file", "picture"]


def map_file(course: Course, lab: Lab) -> Path:
    """Return where the map of a lab's end is, or will be: notebooks/maps/01-boundaries.json."""
    return course.root / "notebooks" / "maps" / f"{lab.name}.json"


def keep_map(course: Course, lab: Lab, workspace: Path) -> None:
    """Keep the map that a lesson has drawn in its workspace, if it has drawn one."""
    drawn = workspace / "runs" / "coupling" / f"{lab.name}.json"
    if drawn.is_file():
        target = map_file(course, lab)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(drawn.read_bytes())


def picture(course: Course, lab: Lab, language: str, translate: Translate) -> str:
    """Return the map of a lab's end as one line of HTML; "" where its lesson draws none."""
    file = map_file(course, lab)
    if not file.is_file():
        return ""
    drawn = _read(json.loads(file.read_text("utf-8")))
    scroll = tag("div", drawing(drawn, Voice(language, translate)), cls="sw-m-scroll", tabindex=0)
    return str(tag("div", scroll, cls="sw sw-notebook sw-out", lang=language_tag(language))).replace("\n", " ")


def _read(plain: Mapping[str, Any]) -> CouplingMap:
    homes = {table["name"]: table["database"] for table in plain["tables"]}  # version 1: by names, which were unique
    return CouplingMap(
        lab=plain["lab"],
        services=tuple(plain["services"]),
        modules=tuple(Module(**each) for each in plain["modules"]),
        tables=tuple(Table(**each) for each in plain["tables"]),
        imports=tuple(Import(**each) for each in plain["imports"]),
        calls=tuple(Call(c["caller"], c["callee"], tuple(c["operations"].items())) for c in plain["calls"]),
        queries=tuple(Query(**{"database": homes[each["table"]], **each}) for each in plain["queries"]),
        joins=tuple(Join(**{**each, "tables": tuple(each["tables"])}) for each in plain["joins"]),
        steps=tuple(Step(**each) for each in plain["steps"]),
        opaque=plain["opaque"],
        calls_per_order=plain["numbers"]["calls_per_order"],
        polls=plain.get("polls", 0),
        queries_seen=plain["queries_seen"],
    )
