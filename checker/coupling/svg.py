"""The picture: an inline SVG without ids, or one that stands alone. A pure function of the map.

What crosses a border is dashed, as well as red; what it counts is written out, and told to screen readers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from checker.coupling.edges import calls, imports, queries
from checker.coupling.layout import WIDTH, Box, Layout, lay_out
from checker.coupling.words import numbers, source
from checker.errors import N_
from checker.report.cells import shorten, width
from checker.report.markup import elements, tag
from checker.report.words import Translate, Voice, identity

if TYPE_CHECKING:
    from checker.coupling.model import CouplingMap, Query, Table

__all__ = ["drawing", "render_svg", "style"]

_CELL, _SMALL = 7.3, 6.4  # width of a character of 12 and of 10.5 units
_LEGEND, _TILES = 30.0, 64.0


def render_svg(drawn: CouplingMap, *, lang: str = "en", translate: Translate = identity) -> str:
    """Return the map as an SVG file, with its own colours for light and dark."""
    body = drawing(drawn, Voice(lang, translate), alone=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def drawing(drawn: CouplingMap, voice: Voice, *, alone: bool = False) -> Markup:
    """Return the element. ``alone``: with its style; else the page brings :func:`style`."""
    placed = lay_out(drawn)
    high = placed.bottom + _LEGEND + _TILES + 10
    return tag(
        "svg",
        tag("title", voice.say(N_("Coupling map of lab {lab}"), lab=drawn.lab)),
        tag("desc", _told(drawn, voice)),
        tag("style", style("colours"), style("map")) if alone else None,
        tag("rect", x=0, y=0, width=_n(WIDTH), height=_n(high), cls="sw-m-ground") if alone else None,
        _frames(drawn, placed, voice),
        imports(drawn, placed, voice),
        queries(drawn, placed, voice),
        _names(drawn, placed, voice),
        calls(drawn, placed, voice),
        _legend(placed.bottom + 22, drawn, voice),
        _tiles(placed.bottom + _LEGEND + 6, drawn, voice),
        cls="sw-map",
        role="img",
        viewBox=f"0 0 {_n(WIDTH)} {_n(high)}",
        width=_n(WIDTH),
        height=_n(high),
        xmlns="http://www.w3.org/2000/svg" if alone else None,
    )


@cache
def style(name: str) -> Markup:
    """Return a style sheet of this package: "colours" or "map"."""
    return Markup(Path(__file__).with_name(f"{name}.css").read_text("utf-8"))  # noqa: S704  (a file of ours)


def _told(drawn: CouplingMap, voice: Voice) -> str:
    """Say in words what the picture shows."""
    parts = voice.say(
        N_("{services} processes with {modules} modules, and {tables} tables."),
        services=len(drawn.services),
        modules=len(drawn.modules),
        tables=len(drawn.tables),
    )
    counted = "; ".join(f"{label}: {value}" for label, value in numbers(drawn.numbers, voice))
    return f"{parts} {counted}. " + voice.say(N_("The tables below say the same in words."))


# Frames first, edges over them, names over the edges


def _frames(drawn: CouplingMap, placed: Layout, voice: Voice) -> Markup:
    shapes = [_rect(box, 10, "sw-m-process") for box in placed.processes.values()]
    shapes += [_rect(box, 10, "sw-m-database") for box in placed.databases.values()]
    shapes += [_rect(box, 7, "sw-m-group") for box in (*placed.domains.values(), *placed.owners.values())]
    heads = [_process_head(name, box, drawn, voice) for name, box in placed.processes.items()]
    heads += [
        _head(box, voice.say(N_("database {name}"), name=name or "?"), "") for name, box in placed.databases.items()
    ]
    return elements([*shapes, *heads])


def _process_head(name: str, box: Box, drawn: CouplingMap, voice: Voice) -> Markup:
    own = {module.name for module in drawn.modules if module.service == name}
    imports = sum(each.source in own for each in drawn.imports)
    said = voice.say(N_("modules: {modules} · imports: {imports}"), modules=len(own), imports=imports)
    title = voice.say(N_("process {name}"), name=name) if name else voice.say(N_("beside the processes"))
    return _head(box, title, said)


def _head(box: Box, title: str, more: str) -> Markup:
    name = tag("text", shorten(title, 30), x=_n(box.x + 14), y=_n(box.y + 22), cls="sw-m-title")
    below = tag("text", more, x=_n(box.x + 14), y=_n(box.y + 38), cls="sw-m-dim") if more else None
    return elements([name, below])


def _names(drawn: CouplingMap, placed: Layout, voice: Voice) -> Markup:
    labels = [
        tag("text", _of_domain(key[1], voice), x=_n(box.x + 6), y=_n(box.y + 14), cls="sw-m-domain")
        for key, box in placed.domains.items()
        if key in placed.labelled
    ]
    labels += [
        tag("text", _of_owner(owner, voice), x=_n(box.x + 8), y=_n(box.y + 14), cls="sw-m-domain")
        for (_, owner), box in placed.owners.items()
    ]
    modules = [_module(module.label, placed.modules[module.name]) for module in drawn.modules]
    tables = [_table(table, drawn, placed.tables[table.database, table.name], voice) for table in drawn.tables]
    return elements([*labels, *modules, *tables])


def _of_domain(domain: str, voice: Voice) -> str:
    return voice.say(N_("domain {name}"), name=shorten(domain, 14))


def _of_owner(owner: str, voice: Voice) -> str:
    return voice.say(N_("owned by {name}"), name=shorten(owner, 20)) if owner else voice.say(N_("not in the contract"))


def _module(label: str, box: Box) -> Markup:
    name = shorten(label, int((box.wide - 16) / _CELL))
    return elements(
        [_rect(box, 5, "sw-m-module"), tag("text", name, x=_n(box.x + 10), y=_n(box.middle + 4), cls="sw-m-name")]
    )


def _table(table: Table, drawn: CouplingMap, box: Box, voice: Voice) -> Markup:
    by = sorted(drawn.touching(table), key=lambda q: (not q.crossing, -q.count))
    name = tag("text", shorten(table.name, 26), x=_n(box.x + 10), y=_n(box.y + 15), cls="sw-m-name")
    return elements([_rect(box, 5, "sw-m-table"), name, _touched(by, box, voice)])


def _touched(by: list[Query], box: Box, voice: Voice) -> Markup:
    """Return the second line of a table: who touched it and how often, strangers first and marked."""
    room, spans = (box.wide - 18) / _SMALL, []
    for at, query in enumerate(by):
        said = f"{'⇢ ' * query.crossing}{source(query.service, query.module, voice)} {query.count}" + (
            " · " if at < len(by) - 1 else ""
        )
        if width(said) > room - (2 if at < len(by) - 1 else 0):
            spans.append(tag("tspan", f"+{len(by) - at}"))
            break
        room -= width(said)
        spans.append(tag("tspan", said, cls="sw-m-stranger" if query.crossing else None))
    shown = elements(spans) if spans else voice.say(N_("not touched"))
    return tag("text", shown, x=_n(box.x + 10), y=_n(box.y + 29), cls="sw-m-small")


# Below the picture


def _legend(y: float, drawn: CouplingMap, voice: Voice) -> Markup:
    entries = [
        ("sw-m-import", voice.say(N_("import"))),
        ("sw-m-import sw-m-cross", voice.say(N_("import across domains"))),
        ("sw-m-query", voice.say(N_("query by the owner"))),
        ("sw-m-query sw-m-cross", voice.say(N_("query by somebody else"))),
    ]
    entries += [("sw-m-call", voice.say(N_("calls, how many")))] if drawn.calls else []
    x, shapes = 14.0, []
    for kind, said in entries:
        shapes.append(tag("line", x1=_n(x), y1=_n(y - 4), x2=_n(x + 30), y2=_n(y - 4), cls=kind))
        shapes.append(tag("text", said, x=_n(x + 38), y=_n(y), cls="sw-m-small"))
        x += 38 + width(said) * _SMALL + 22
    return elements(shapes)


def _tiles(y: float, drawn: CouplingMap, voice: Voice) -> Markup:
    wide = (WIDTH - 20 - 24) / 3
    return elements(
        elements(
            [
                _rect(Box(10 + at * (wide + 12), y, wide, _TILES - 8), 8, "sw-m-tile"),
                tag("text", value, x=_n(26 + at * (wide + 12)), y=_n(y + 37), cls="sw-m-number"),
                tag(
                    "text",
                    label,
                    x=_n(38 + at * (wide + 12) + width(value) * 15),
                    y=_n(y + 33),
                    cls="sw-m-name",
                ),
            ]
        )
        for at, (label, value) in enumerate(numbers(drawn.numbers, voice))
    )


def _rect(box: Box, radius: float, cls: str) -> Markup:
    return tag("rect", x=_n(box.x), y=_n(box.y), width=_n(box.wide), height=_n(box.high), rx=_n(radius), cls=cls)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
