"""Rows in lines: as a table where there is room for it, else one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.cells import pad, width, wrap
from checker.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.report.ink import Ink
    from checker.report.words import Voice
    from checker.session.up_state import Rows

__all__ = ["NULL", "row_lines", "said_below", "table_lines"]

NULL = "NULL"
LEAST = 8
"""Cells that a value has at least, however narrow the terminal."""


def row_lines(rows: Rows, voice: Voice, ink: Ink, room: int | None) -> list[str]:
    """Return rows in lines of at most ``room`` cells, and what is said below them."""
    style = "dim" if rows.columns else ""
    return [*table_lines(rows, voice, ink, room), *(ink(text, style) for text in said_below(rows, voice))]


def table_lines(rows: Rows, voice: Voice, ink: Ink, room: int | None) -> list[str]:
    """Return rows in lines of at most ``room`` cells (None: as wide as they are); none where there are no columns."""
    heads = [ink.glyphs(line(name, 60)) for name in rows.columns]
    cells = [[NULL if value is None else ink.glyphs(value) for value in row] for row in rows.rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    fits = room is None or sum(widths) + 3 * len(widths) - 1 <= room
    shown = _table(heads, cells, widths, rows.numbers, ink) if fits else _records(heads, cells, room or 0, voice, ink)
    return shown if heads else []


def said_below(rows: Rows, voice: Voice) -> list[str]:
    """Return how many rows there are, or the tag of what returns none, and what became of an open transaction."""
    more = rows.count - len(rows.rows)
    said = rows.tag
    if rows.columns:
        said = voice.say(N_("rows: {count}"), count=rows.count)
    if more:
        said = voice.say(N_("rows: {count}, of which {more} more are not shown"), count=rows.count, more=more)
    back = voice.say(N_("The transaction was left open, so it has been rolled back."))
    return [said, *([back] if rows.unfinished else [])]


def _table(
    heads: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], numbers: Sequence[bool], ink: Ink
) -> list[str]:
    def row(texts: Sequence[str], style: str = "") -> str:
        padded = [
            _right(text, cells) if number else pad(text, cells)
            for text, cells, number in zip(texts, widths, numbers, strict=True)
        ]
        return " " + " | ".join(ink(text, style) for text in padded).rstrip()

    rule = "+".join("-" * (cells + 2) for cells in widths)
    return [row(heads, "bold"), rule, *(row(each) for each in cells)]


def _right(text: str, cells: int) -> str:
    return " " * (cells - width(text)) + text


def _records(heads: Sequence[str], cells: Sequence[Sequence[str]], room: int, voice: Voice, ink: Ink) -> list[str]:
    column = max(map(width, heads), default=0) + 2
    lines: list[str] = []
    for number, values in enumerate(cells, 1):
        lines.append(ink(voice.say(N_("row {number}"), number=number), "bold"))
        for head, value in zip(heads, values, strict=True):
            first, *rest = wrap(value, max(room - column - 2, LEAST))
            lines.append(f"  {ink(pad(head, column), 'dim')}{first}".rstrip())
            lines += [" " * (column + 2) + text for text in rest]
    return lines
