"""runs/coupling: the last map of each lab, so that one can be laid beside the other."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from checker.coupling.model import Numbers
from checker.coupling.svg import render_svg

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.coupling.model import CouplingMap

__all__ = ["earlier", "keep"]


def keep(drawn: CouplingMap, workspace: Path, *, lang: str, translate: Callable[[str], str]) -> Path:
    """Write the lab's map to runs/coupling, as JSON and as a picture; return the picture's path. Raises OSError."""
    folder = workspace / "runs" / "coupling"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{drawn.lab}.json").write_text(json.dumps(drawn.as_dict(), indent=1) + "\n", "utf-8")
    picture = folder / f"{drawn.lab}.svg"
    picture.write_text(render_svg(drawn, lang=lang, translate=translate), "utf-8")
    return picture


def earlier(workspace: Path, lab: str) -> list[tuple[str, Numbers]]:
    """Return the numbers of the labs before this one that were drawn here, by lab. What cannot be read is left out."""
    found = []
    for file in sorted((workspace / "runs" / "coupling").glob("[0-9]*.json")):
        if file.stem < lab:
            with suppress(OSError, ValueError, TypeError, KeyError):
                found.append((file.stem, Numbers(**json.loads(file.read_text("utf-8"))["numbers"])))
    return found
