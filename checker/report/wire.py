"""Exchanges, put into words once for all faces."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.clean import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.ledger import Exchange
    from checker.report.words import Voice

__all__ = ["Row", "duration", "in_order", "remark", "rows", "tone"]

_SERVER_ERROR = 500
_QUICK = 0.1
_INSTANT = 0.001


@dataclass(frozen=True)
class Row:
    """One exchange, or ``times`` equal ones in a row, in words. ``tone`` is "fault" (ours), "bad" or ""."""

    caller: str
    callee: str
    request: str
    status: str
    took: str
    remark: str
    tone: str
    times: int = 1


def in_order(wire: Sequence[Exchange]) -> list[Exchange]:
    """Return the exchanges as they began."""
    return sorted(wire, key=lambda exchange: exchange.at)


def rows(wire: Sequence[Exchange], voice: Voice, *, fold: bool) -> list[Row]:
    """Put exchanges into words, as they began; ``fold`` makes one row of equal neighbours."""
    if not fold:
        return [_row([exchange], voice) for exchange in in_order(wire)]
    return [_row(list(equal), voice) for _, equal in groupby(in_order(wire), key=_likeness)]


def duration(seconds: float) -> str:
    """Return a length of time as people read it: "1.00 s", "12 ms"."""
    if seconds >= _QUICK:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= _INSTANT else "<1 ms"


def tone(exchange: Exchange) -> str:
    """Return how an exchange went: "fault" (we did it), "bad" (no reply, or a 5xx), or ""."""
    if exchange.fault:
        return "fault"
    return "bad" if _missing(exchange) or (exchange.status or 0) >= _SERVER_ERROR else ""


def remark(exchange: Exchange, voice: Voice) -> str:
    """Return what is to be said beyond status and time: the fault, the oddity, or that no reply came."""
    said = [voice.by_us(exchange.fault)] if exchange.fault else []
    said += [voice.term(exchange.note)] if exchange.note else []
    if not said and _missing(exchange):
        return voice.say(N_("no reply"))
    return ", ".join(said)


def _missing(exchange: Exchange) -> bool:
    return exchange.status is None and exchange.request != "connection"


def _likeness(exchange: Exchange) -> tuple[object, ...]:
    return exchange.caller, exchange.callee, exchange.request, exchange.status, exchange.fault, exchange.note


def _row(equal: list[Exchange], voice: Voice) -> Row:
    first, alone = equal[0], len(equal) == 1
    return Row(
        caller=voice.party(first.caller),
        callee=voice.party(first.callee),
        request=line(first.request, 400),
        status="" if first.status is None else str(first.status),
        took=duration(first.seconds) if alone and first.seconds is not None else "",
        remark=remark(first, voice),
        tone=tone(first),
        times=len(equal),
    )
