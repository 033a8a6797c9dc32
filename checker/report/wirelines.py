"""Exchanges as lines of a terminal: in columns where they fit, one below the other where not, long wires shortened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.cells import pad, shorten, width, wrap

if TYPE_CHECKING:
    from checker.report.ink import Ink
    from checker.report.wire import Row
    from checker.report.words import Voice

__all__ = ["wire_lines"]

_FIRST, _LAST = 4, 4
_LEAST_REQUEST = 16
_GAP = "  "


def wire_lines(told: list[Row], room: int, ink: Ink, voice: Voice) -> list[tuple[str, str]]:
    """Return the exchanges as (text, tone) lines of at most ``room`` cells; past eight, the first and the last four."""
    if len(told) <= _FIRST + _LAST + 1:
        return _flat(_written(told, room, ink))
    written = _written([*told[:_FIRST], *told[-_LAST:]], room, ink)
    left = sum(row.times for row in told[_FIRST:-_LAST])
    more = ink.glyphs(voice.say(N_("… {count} more in the report"), count=left))
    return [*_flat(written[:_FIRST]), *((text, "") for text in wrap(more, room)), *_flat(written[_FIRST:])]


def _flat(written: list[tuple[list[str], str]]) -> list[tuple[str, str]]:
    return [(text, tone) for lines, tone in written for text in lines]


def _written(told: list[Row], room: int, ink: Ink) -> list[tuple[list[str], str]]:
    who = max((width(_who(row, ink)) for row in told), default=0)
    asked = max((width(ink.glyphs(row.request)) for row in told), default=0)
    result = max((width(_result(row, ink)) for row in told), default=0)
    asked = min(asked, max(room - who - result - 2 * len(_GAP), _LEAST_REQUEST))
    if who + asked + result + 2 * len(_GAP) > room:
        return [(_stacked(row, room, ink), row.tone) for row in told]
    return [([_columns(row, who, asked, ink)], row.tone) for row in told]


def _columns(row: Row, who: int, asked: int, ink: Ink) -> str:
    request = shorten(ink.glyphs(row.request), asked, ink.glyphs("…"))
    return f"{pad(_who(row, ink), who)}{_GAP}{pad(request, asked)}{_GAP}{_result(row, ink)}".rstrip()


def _stacked(row: Row, room: int, ink: Ink) -> list[str]:
    who, result = _who(row, ink), _result(row, ink)
    fits = width(who) + len(_GAP) + width(result) <= room
    above = [f"{who}{_GAP}{result}"] if fits else [*wrap(who, room), *(f"  {text}" for text in wrap(result, room - 2))]
    request = shorten(ink.glyphs(row.request), 2 * room, ink.glyphs("…"))
    return [text.rstrip() for text in (*above, *(f"  {part}" for part in wrap(request, room - 2)))]


def _who(row: Row, ink: Ink) -> str:
    return ink.glyphs(f"{row.caller} → {row.callee}")


def _result(row: Row, ink: Ink) -> str:
    said = (row.status, row.took, row.remark) if row.status or not row.remark else (f"…{row.remark}", row.took)
    return ink.glyphs("   ".join(part for part in (*said, _times(row)) if part))


def _times(row: Row) -> str:
    return f"× {row.times}" if row.times > 1 else ""
