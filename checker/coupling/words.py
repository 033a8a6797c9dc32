"""What the map says in words: its numbers, and the tables that say the same as the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.coupling.model import CouplingMap, Import, Numbers, Query
    from checker.report.words import Voice

__all__ = ["Section", "numbers", "remarks", "sections", "source"]

LABELS = (N_("imports across domains"), N_("tables touched by others"), N_("calls for one order"))
UNSEEN = "?"
"""What stands for a number that could not be observed."""


@dataclass(frozen=True)
class Section:
    """A table under a heading. ``numeric``: the columns to be set flush right. No rows: ``empty`` is said instead."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""
    numeric: frozenset[int] = frozenset()


def numbers(found: Numbers, voice: Voice) -> list[tuple[str, str]]:
    """Return the three numbers as label and value; what could not be seen is "?"."""
    values = (found.imports_across, found.tables_shared, found.calls_per_order)
    return [
        (voice.say(label), UNSEEN if value is None else str(value)) for label, value in zip(LABELS, values, strict=True)
    ]


def source(service: str, module: str, voice: Voice) -> str:
    """Return who asked: a module by its own name, else the service, else that nobody knows."""
    if module:
        return line(module.rpartition(".")[2], 60)
    return line(service, 60) if service else voice.say(N_("somebody"))


def remarks(drawn: CouplingMap, voice: Voice) -> list[str]:
    """Return what has to be said of how statements were counted."""
    unread = voice.say(N_("{count} statements could not be read."), count=drawn.opaque)
    polls = voice.say(
        N_("Statements asked all the time, such as looks for news: {count}. Each is counted once, and in no step."),
        count=drawn.polls,
    )
    return [said for said, count in ((unread, drawn.opaque), (polls, drawn.polls)) if count]


def sections(drawn: CouplingMap, voice: Voice, earlier: Sequence[tuple[str, Numbers]] = ()) -> list[Section]:
    """Return all tables of a map, in the order in which they are read."""
    compared = [_lab_by_lab(drawn, voice, earlier)] if earlier else []
    return [
        *compared,
        _tables(drawn, voice),
        _joins(drawn, voice),
        _imports(drawn, voice),
        _calls(drawn, voice),
        _tour(drawn, voice),
    ]


def _lab_by_lab(drawn: CouplingMap, voice: Voice, earlier: Sequence[tuple[str, Numbers]]) -> Section:
    rows = [
        (line(lab, 60), *(value for _, value in numbers(found, voice)))
        for lab, found in (*earlier, (drawn.lab, drawn.numbers))
    ]
    columns = (voice.say(N_("lab")), *(voice.say(label) for label in LABELS))
    return Section(voice.say(N_("Lab by lab")), columns, tuple(rows), numeric=frozenset({1, 2, 3}))


def _tables(drawn: CouplingMap, voice: Voice) -> Section:
    rows = []
    for table in drawn.tables:
        touching = drawn.touching(table)
        by_owner = _by([query for query in touching if not query.crossing], voice)
        by_others = _by([query for query in touching if query.crossing], voice)
        name = line(drawn.called(table.database, table.name), 60)
        rows.append((name, line(table.owner, 60) or "-", by_owner, by_others))
    titles = (N_("table"), N_("owner"), N_("touched by its owner"), N_("touched by others"))
    unseen = voice.say(N_("PostgreSQL's statements can be seen with --backing embedded or path only."))
    shown = tuple(rows) if drawn.queries_seen else ()
    return Section(
        voice.say(N_("Who touches which table (r: statements that read, w: that write)")),
        tuple(map(voice.say, titles)),
        shown,
        empty=unseen,
    )


def _by(queries: Iterable[Query], voice: Voice) -> str:
    """Return "orders r2 w1, pages r1": reads and writes."""
    ordered = sorted(queries, key=lambda query: -query.count)
    return ", ".join(
        " ".join(
            part
            for part, wanted in (
                (source(query.service, query.module, voice), True),
                (f"r{query.reads}", query.reads),
                (f"w{query.writes}", query.writes),
            )
            if wanted
        )
        for query in ordered
    )


def _joins(drawn: CouplingMap, voice: Voice) -> Section:
    rows = tuple(
        (
            source(join.service, join.module, voice),
            " + ".join(line(table, 60) for table in join.tables),
            str(join.count),
        )
        for join in drawn.joins
    )
    columns = tuple(map(voice.say, (N_("who"), N_("tables"), N_("statements"))))
    none = voice.say(N_("No statement put tables of several owners together."))
    title = voice.say(N_("Statements across owners"))
    return Section(title, columns, rows, empty=none, numeric=frozenset({2}))


def _imports(drawn: CouplingMap, voice: Voice) -> Section:
    crossing: dict[str, list[Import]] = {}
    for each in drawn.imports:
        if each.crossing:
            crossing.setdefault(each.source, []).append(each)
    home = {module.name: module for module in drawn.modules}
    rows = tuple(
        (line(name, 80), line(home[name].domain, 60), ", ".join(line(each.target, 80) for each in imported))
        for name, imported in crossing.items()
    )
    columns = tuple(map(voice.say, (N_("module"), N_("domain"), N_("imports"))))
    none = voice.say(N_("No module imports one of another domain."))
    return Section(voice.say(N_("Imports across domains")), columns, rows, empty=none)


def _calls(drawn: CouplingMap, voice: Voice) -> Section:
    rows = tuple(
        (
            line(call.caller, 60),
            line(call.callee, 60),
            str(call.count),
            ", ".join(f"{line(operation, 80)} ×{count}" for operation, count in call.operations),
        )
        for call in drawn.calls
    )
    columns = tuple(map(voice.say, (N_("who"), N_("asks"), N_("times"), N_("what"))))
    none = voice.say(N_("No process asked another."))
    return Section(voice.say(N_("Calls between processes")), columns, rows, empty=none, numeric=frozenset({2}))


def _tour(drawn: CouplingMap, voice: Voice) -> Section:
    rows = tuple(
        (
            voice.say(step.name),
            step.request,
            "-" if step.status is None else str(step.status),
            str(step.calls),
            str(step.statements) if drawn.queries_seen else UNSEEN,
        )
        for step in drawn.steps
    )
    columns = (N_("step"), N_("request"), N_("status"), N_("calls"), N_("statements"))
    title = voice.say(N_("The tour, request by request"))
    return Section(title, tuple(map(voice.say, columns)), rows, numeric=frozenset({2, 3, 4}))
