"""The lines of the picture: imports as arcs on the left of modules, queries across to tables, calls between processes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from checker.coupling.words import source
from checker.errors import N_
from checker.report.cells import width
from checker.report.markup import elements, tag

if TYPE_CHECKING:
    from markupsafe import Markup

    from checker.coupling.layout import Box, Layout
    from checker.coupling.model import Call, CouplingMap, Import, Query
    from checker.report.words import Voice

__all__ = ["calls", "imports", "queries"]

_CELL = 7.3


def imports(drawn: CouplingMap, placed: Layout, voice: Voice) -> Markup:
    """Return an arc for each import, those across domains over the others."""
    ordered = sorted(drawn.imports, key=lambda each: each.crossing)
    longest = max((abs(_heights(each, placed)[0] - _heights(each, placed)[1]) for each in ordered), default=0.0)
    room = min((box.x for box in placed.modules.values()), default=0.0) - min(
        box.x for box in placed.processes.values()
    )
    slope = min(0.62, (room - 34) / max(longest, 1.0))
    return elements(_import(each, placed, slope, voice) for each in ordered)


def _heights(each: Import, placed: Layout) -> tuple[float, float]:
    return placed.modules[each.source].middle - 4, placed.modules[each.target].middle + 4


def _import(each: Import, placed: Layout, slope: float, voice: Voice) -> Markup:
    y1, y2 = _heights(each, placed)
    x, tip = placed.modules[each.source].x - 1, placed.modules[each.target].x - 1
    out = (16 + slope * abs(y2 - y1)) * 4 / 3  # a curve reaches three quarters of the way to its control points
    said = voice.say(N_("{source} imports {target}"), source=each.source, target=each.target)
    path = f"M{_n(x)} {_n(y1)}C{_n(x - out)} {_n(y1)} {_n(x - out)} {_n(y2)} {_n(tip - 6)} {_n(y2)}"
    arc = tag("path", d=path, cls=_line("import", each.crossing))
    return tag("g", tag("title", said), arc, _tip(tip, y2, "sw-m-cross" * each.crossing))


def queries(drawn: CouplingMap, placed: Layout, voice: Voice) -> Markup:
    """Return a curve for each source and table, those of strangers over the owners'."""
    ends = _spread(drawn, placed)
    ordered = sorted(drawn.queries, key=lambda query: query.crossing)
    return elements(_query(query, ends[query], drawn, placed, voice) for query in ordered)


def _spread(drawn: CouplingMap, placed: Layout) -> dict[Query, tuple[float, float, float]]:
    """Return where each curve begins (x, y) and at which height it ends: curves that share an end do not share a point."""
    outgoing: dict[tuple[str, str], list[Query]] = defaultdict(list)
    incoming: dict[tuple[str, str], list[Query]] = defaultdict(list)
    for query in drawn.queries:
        outgoing[query.service, query.module].append(query)
        incoming[query.database, query.table].append(query)
    found = {}
    for query in drawn.queries:
        box, room = _origin(query, placed)
        out = sorted(outgoing[query.service, query.module], key=lambda each: placed.tables[each.database, each.table].y)
        into = sorted(incoming[query.database, query.table], key=lambda each: _origin(each, placed)[0].y)
        y1 = box.middle + _share(out.index(query), len(out), room)
        table = placed.tables[query.database, query.table]
        found[query] = (box.right, y1, table.middle + _share(into.index(query), len(into), 24))
    return found


def _origin(query: Query, placed: Layout) -> tuple[Box, float]:
    """Return the box a curve begins at, and how far curves may stand apart there."""
    if query.module:
        return placed.modules[query.module], 14
    box = placed.processes.get(query.service) or next(iter(placed.processes.values()))
    return box, min(90.0, box.high - 30)


def _share(at: int, of: int, room: float) -> float:
    return (at - (of - 1) / 2) * min(8.0, room / max(of - 1, 1))


def _query(query: Query, ends: tuple[float, float, float], drawn: CouplingMap, placed: Layout, voice: Voice) -> Markup:
    x1, y1, y2 = ends
    x2 = placed.tables[query.database, query.table].x - 2
    bend = (x2 - x1) * 0.5
    said = voice.say(
        N_("{source} and {table}: read {reads} times, written {writes} times"),
        source=source(query.service, query.module, voice),
        table=drawn.called(query.database, query.table),
        reads=query.reads,
        writes=query.writes,
    )
    path = f"M{_n(x1)} {_n(y1)}C{_n(x1 + bend)} {_n(y1)} {_n(x2 - bend)} {_n(y2)} {_n(x2 - 3)} {_n(y2)}"
    dot = tag("circle", cx=_n(x2 - 1), cy=_n(y2), r=2.6, cls="sw-m-tip" + " sw-m-cross" * query.crossing)
    return tag("g", tag("title", said), tag("path", d=path, cls=_line("query", query.crossing)), dot)


def calls(drawn: CouplingMap, placed: Layout, voice: Voice) -> Markup:
    """Return an arc for each pair of processes that speak, with the number of requests on it."""
    shown = [call for call in drawn.calls if {call.caller, call.callee} <= placed.processes.keys()]
    doors = _doors(shown, placed)
    ordered = sorted(shown, key=lambda call: abs(doors[call, call.caller] - doors[call, call.callee]))
    arcs = [
        _call(call, (at + 1) / len(ordered), doors, placed.processes[call.caller].x, voice)
        for at, call in enumerate(ordered)
    ]
    return elements([*(arc for arc, _ in arcs), *(label for _, label in arcs)])


def _doors(shown: list[Call], placed: Layout) -> dict[tuple[Call, str], float]:
    """Return the height at which each call leaves and arrives: such that arcs lie in each other and do not cross."""
    doors: dict[tuple[Call, str], float] = {}
    for name, box in placed.processes.items():
        ends = [
            (call, placed.processes[call.callee if call.caller == name else call.caller].y)
            for call in shown
            if name in (call.caller, call.callee)
        ]
        above = sorted((end for end in ends if end[1] < box.y), key=lambda end: (-end[1], end[0].callee == name))
        below = sorted((end for end in ends if end[1] > box.y), key=lambda end: (-end[1], end[0].callee == name))
        doors |= {(call, name): box.y + 24 + 20 * at for at, (call, _) in enumerate(above)}
        doors |= {(call, name): box.bottom - 24 - 20 * at for at, (call, _) in enumerate(reversed(below))}
    return doors


def _call(
    call: Call, share: float, doors: dict[tuple[Call, str], float], x: float, voice: Voice
) -> tuple[Markup, Markup]:
    """Return the arc of a call, and the number that goes on it."""
    y1, y2 = doors[call, call.caller], doors[call, call.callee]
    out = 28 + (x - 18) * share
    path = f"M{_n(x)} {_n(y1)}C{_n(x - out)} {_n(y1)} {_n(x - out)} {_n(y2)} {_n(x - 9)} {_n(y2)}"
    said = voice.say(
        N_("{caller} asks {callee} {count} times: {operations}"),
        caller=call.caller,
        callee=call.callee,
        count=call.count,
        operations=", ".join(f"{operation} ×{count}" for operation, count in call.operations),
    )
    arc = tag("path", d=path, cls="sw-m-call")
    label = _label(str(call.count), x - 0.75 * out, (y1 + y2) / 2)
    return tag("g", tag("title", said), arc, _tip(x, y2, "sw-m-of-call")), label


def _label(said: str, middle: float, y: float) -> Markup:
    wide = max(width(said) * _CELL + 14, 24)
    box = tag("rect", x=_n(middle - wide / 2), y=_n(y - 11), width=_n(wide), height=22, rx=11, cls="sw-m-count")
    return elements([box, tag("text", said, x=_n(middle), y=_n(y + 4), cls="sw-m-name sw-m-mid")])


def _tip(x: float, y: float, kind: str) -> Markup:
    """Return an arrow's head that points to the right."""
    long, half = (10, 5) if kind == "sw-m-of-call" else (7, 3.2)
    points = f"{_n(x)},{_n(y)} {_n(x - long)},{_n(y - half)} {_n(x - long)},{_n(y + half)}"
    return tag("polygon", points=points, cls=f"sw-m-tip {kind}".strip())


def _line(kind: str, crossing: bool) -> str:
    return f"sw-m-{kind}" + " sw-m-cross" * crossing


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
