"""The map in a terminal: its numbers, and tables that wrap where the terminal is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.coupling.words import Section, numbers, remarks, sections
from checker.errors import N_
from checker.report.cells import pad, width, wrap
from checker.report.ink import Ink
from checker.report.words import Translate, Voice, identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.coupling.model import CouplingMap, Numbers

__all__ = ["render_text"]

_GAP = 2
_NARROWEST = 6
"""Cells that no column is made narrower than."""


def render_text(
    drawn: CouplingMap,
    *,
    lang: str = "en",
    translate: Translate = identity,
    width: int = 100,
    color: bool = False,
    unicode: bool = True,
    earlier: Sequence[tuple[str, Numbers]] = (),
) -> str:
    """Return the map as lines for a terminal of ``width`` cells, no line end after the last.

    ``earlier``: the numbers of other labs, by lab, to compare with. ``color`` and ``unicode`` as for results.
    """
    voice, ink = Voice(lang, translate), Ink(color=color, unicode=unicode)
    title = voice.say(N_("Coupling map of lab {lab}"), lab=drawn.lab)
    counted = [(value, label) for label, value in numbers(drawn.numbers, voice)]
    lines = [ink(title, "bold"), *(f"{ink(value.rjust(4), 'bold')}  {ink(label)}" for value, label in counted)]
    for section in sections(drawn, voice, earlier):
        heading = [ink(line, "bold") for line in wrap(ink.glyphs(section.title), max(width, 40))]
        lines += ["", *heading, *_table(section, ink, max(width, 40))]
    for said in remarks(drawn, voice):
        lines += ["", *(ink(line) for line in wrap(ink.glyphs(said), max(width, 40)))]
    return "\n".join(lines)


def _table(section: Section, ink: Ink, room: int) -> list[str]:
    if not section.rows:
        return [f"  {ink(said)}" for said in wrap(ink.glyphs(section.empty), room - 2)]
    rows = [[ink.glyphs(cell) for cell in row] for row in (section.columns, *section.rows)]
    wide = _columns(rows, room - 2)
    lines = [line for row in rows for line in _row(row, wide, section.numeric)]
    head = len(_row(rows[0], wide, section.numeric))
    return [f"  {ink(line, 'dim')}" if at < head else f"  {line}" for at, line in enumerate(lines)]


def _columns(rows: list[list[str]], room: int) -> list[int]:
    """Return the width of each column: what it needs; where that is too much, the widest wrap first, words only if they must."""
    wide = [max(width(row[at]) for row in rows) for at in range(len(rows[0]))]
    words = [max(width(word) for row in rows for word in row[at].split() or [""]) for at in range(len(wide))]
    for floors in (words, [_NARROWEST] * len(wide)):
        while sum(wide) + _GAP * (len(wide) - 1) > room and (spare := _widest(wide, floors)) is not None:
            wide[spare] -= 1
    return wide


def _widest(wide: list[int], floors: list[int]) -> int | None:
    """Return the widest column that may still give a cell away, None when there is none."""
    giving = [at for at, floor in enumerate(floors) if wide[at] > floor]
    return max(giving, key=lambda at: wide[at], default=None)


def _row(cells: list[str], wide: list[int], numeric: frozenset[int]) -> list[str]:
    """Return the lines of a row: a cell goes on in the next line where it is too long."""
    parts = [wrap(cell, room) if cell else [""] for cell, room in zip(cells, wide, strict=True)]
    lines = []
    for at in range(max(map(len, parts))):
        shown = [part[at] if at < len(part) else "" for part in parts]
        fitted = [
            " " * (room - width(text)) + text if column in numeric else pad(text, room)
            for column, (text, room) in enumerate(zip(shown, wide, strict=True))
        ]
        lines.append((" " * _GAP).join(fitted).rstrip())
    return lines
