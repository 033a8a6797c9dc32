"""The messages of a check as a sequence diagram: lifelines, arrows, and where an arrow broke. Inline SVG without ids."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.cells import shorten, width
from checker.report.markup import elements, tag
from checker.report.wire import duration, in_order, remark, tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from checker.ledger import Exchange
    from checker.report.words import Voice

__all__ = ["MOST", "sequence"]

MOST = 30
"""Arrows drawn; of more, the first and the last fifteen."""

_CELL, _TIME, _HEAD = 7.3, 62.0, 46.0
_ROW, _UNDER, _TIP = 32.0, 15.0, 5.0
_BREAK = 34.0
_LABEL = 44


@dataclass(frozen=True)
class _Arrow:
    at: float
    order: float
    source: int
    target: int
    label: str
    under: str = ""
    kind: str = "ask"  # "ask" or "answer"
    tone: str = ""
    broken: bool = False

    @property
    def height(self) -> float:
        return _ROW + (_UNDER if self.under else 0)


def sequence(wire: Sequence[Exchange], voice: Voice) -> Markup:
    """Return the diagram of these exchanges, in the order in which messages were sent."""
    parties = list(dict.fromkeys(party for e in in_order(wire) for party in (e.caller, e.callee)))
    arrows = sorted(_arrows(in_order(wire), parties, voice), key=lambda arrow: (arrow.at, arrow.order))
    shown = arrows if len(arrows) <= MOST else [*arrows[: MOST // 2], *arrows[-MOST // 2 :]]
    xs = _columns([voice.party(party) for party in parties], shown)
    return _Drawing(voice, xs, parties, shown, len(arrows) - len(shown)).svg()


def _arrows(wire: Sequence[Exchange], parties: Sequence[str], voice: Voice) -> list[_Arrow]:
    index = {party: n for n, party in enumerate(parties)}
    found: list[_Arrow] = []
    for order, exchange in enumerate(wire):
        ends = index[exchange.caller], index[exchange.callee]
        found += _pair(exchange, 2 * order, ends, voice, _end(exchange, wire))
    return found


def _pair(exchange: Exchange, order: int, ends: tuple[int, int], voice: Voice, answered: float) -> list[_Arrow]:
    """Return the arrows of one exchange: there and back, or one that broke on the way."""
    (caller, callee), said, how = ends, remark(exchange, voice), tone(exchange)
    asked = shorten(exchange.request, _LABEL)
    if exchange.request == "connection" or (exchange.status is None and not _got_through(exchange)):
        broken = bool(how)
        return [_Arrow(exchange.at, order, caller, callee, asked, shorten(said, _LABEL), tone=how, broken=broken)]
    ask = _Arrow(exchange.at, order, caller, callee, asked)
    took = "" if exchange.seconds is None else duration(exchange.seconds)
    lost = exchange.status is None
    label, under = (said, took) if lost else (" · ".join(part for part in (str(exchange.status), took) if part), said)
    label, under = shorten(label, _LABEL), shorten(under, _LABEL)
    turn = math.inf if lost else order + 1  # one that was not timed comes after all that ended when it did
    back = _Arrow(answered, turn, callee, caller, label, under, kind="answer", tone=how, broken=lost)
    return [ask, back]


def _got_through(exchange: Exchange) -> bool:
    """Tell whether the request reached the service, where no reply came back."""
    if exchange.fault:
        return exchange.fault.startswith(("drops", "sends half"))
    return exchange.note not in ("", "refused")


def _end(exchange: Exchange, wire: Sequence[Exchange]) -> float:
    """Return when an answer came; where none was timed, when all was over that the service asked for meanwhile."""
    if exchange.seconds is not None:
        return exchange.at + exchange.seconds
    later = (e.at for e in wire if e.at > exchange.at and (e.caller, e.callee) == (exchange.caller, exchange.callee))
    until = min(later, default=math.inf)
    within = (e.at + (e.seconds or 0) for e in wire if e.caller == exchange.callee and exchange.at <= e.at < until)
    return max(within, default=exchange.at)


def _columns(names: Sequence[str], arrows: Sequence[_Arrow]) -> list[float]:
    """Return the x of each lifeline, far enough apart for every name and label between them."""
    halves = [max(width(name) * _CELL / 2 + 14, 40) for name in names]
    gaps: list[float] = [left + right + 12 for left, right in pairwise(halves)]
    for arrow in arrows:
        low, high = sorted((arrow.source, arrow.target))
        needed: float = max(width(arrow.label), width(arrow.under)) * _CELL + (_BREAK + 44 if arrow.broken else 34)
        for gap in range(low, high):
            gaps[gap] = max(gaps[gap], needed / (high - low))
    xs: list[float] = [_TIME + (halves[0] if halves else 0)]
    for room in gaps:
        xs.append(xs[-1] + room)
    return xs


class _Drawing:
    """One diagram: where its lifelines stand, and how far down it has come."""

    def __init__(self, voice: Voice, xs: list[float], parties: list[str], arrows: list[_Arrow], left_out: int) -> None:
        self.voice, self.xs, self.parties, self.arrows, self.left_out = voice, xs, parties, arrows, left_out
        self.start = arrows[0].at if arrows else 0.0
        self.fold_after = MOST // 2 if left_out else -1

    def svg(self) -> Markup:
        body, y = self.body()
        names = [self.voice.party(party) for party in self.parties]
        last = max(width(names[-1]) * _CELL / 2 + 16, 44, self.loops())
        wide, high = round(self.xs[-1] + last), round(y + 14)
        title = self.voice.say(N_("Messages between {parties}"), parties=", ".join(names))
        told = self.voice.say(
            N_("{count} messages, from top to bottom; the table below says the same."), count=self.count()
        )
        return tag(
            "svg",
            tag("title", title),
            tag("desc", told),
            self.lifelines(names, y),
            body,
            cls="sw-sequence",
            role="img",
            viewBox=f"0 0 {wide} {high}",
            width=wide,
            height=high,
            style=f"--sw-w:{wide}px",
        )

    def count(self) -> int:
        return len(self.arrows) + self.left_out

    def loops(self) -> float:
        own = [a for a in self.arrows if a.source == a.target == len(self.xs) - 1]
        return max((width(a.label) * _CELL + 50 for a in own), default=0.0)

    def lifelines(self, names: list[str], bottom: float) -> Markup:
        return elements(self.lifeline(x, name, bottom) for x, name in zip(self.xs, names, strict=True))

    def lifeline(self, x: float, name: str, bottom: float) -> Markup:
        wide = width(name) * _CELL + 20
        box = tag("rect", x=_n(x - wide / 2), y=6, width=_n(wide), height=26, rx=6, cls="sw-party")
        line = tag("line", x1=_n(x), y1=32, x2=_n(x), y2=_n(bottom + 6), cls="sw-life")
        return elements([line, box, tag("text", name, x=_n(x), y=23, cls="sw-name")])

    def body(self) -> tuple[Markup, float]:
        y, drawn = _HEAD, []
        for n, arrow in enumerate(self.arrows):
            if n == self.fold_after:
                y, fold = self.fold(y)
                drawn.append(fold)
            drawn.append(self.arrow(arrow, y + 22))
            y += arrow.height
        return elements(drawn), y

    def fold(self, y: float) -> tuple[float, Markup]:
        middle = (self.xs[0] + self.xs[-1]) / 2
        said = self.voice.say(N_("… {count} more messages in the table"), count=self.left_out)
        band = tag("rect", x=4, y=_n(y + 8), width=_n(self.xs[-1] + 30), height=24, rx=4, cls="sw-fold")
        return y + 42, elements([band, tag("text", said, x=_n(middle), y=_n(y + 24), cls="sw-more")])

    def arrow(self, arrow: _Arrow, y: float) -> Markup:
        when = tag("text", f"+{arrow.at - self.start:.2f} s", x=_TIME - 12, y=_n(y + 4), cls="sw-when")
        shape = self.loop(arrow, y) if arrow.source == arrow.target else self.straight(arrow, y)
        return tag("g", when, shape, cls=f"sw-{arrow.kind} sw-tone-{arrow.tone or 'calm'}")

    def straight(self, arrow: _Arrow, y: float) -> Markup:
        source, target = self.xs[arrow.source], self.xs[arrow.target]
        way = 1 if target > source else -1
        end = target - way * (_BREAK if arrow.broken else 1)
        parts = [
            tag("line", x1=_n(source), y1=_n(y), x2=_n(end), y2=_n(y), cls="sw-line" + (" sw-torn" * arrow.broken))
        ]
        parts += [_cross(end + way * 8, y) if arrow.broken else _tip(end, y, way)]
        middle = (source + end) / 2
        parts += [tag("text", arrow.label, x=_n(middle), y=_n(y - 6), cls="sw-label")]
        parts += [tag("text", arrow.under, x=_n(middle), y=_n(y + 15), cls="sw-under")] if arrow.under else []
        return elements(parts)

    def loop(self, arrow: _Arrow, y: float) -> Markup:
        x = self.xs[arrow.source]
        path = tag("path", d=f"M{_n(x)} {_n(y - 8)}h26v12h-25", cls="sw-line" + (" sw-torn" * arrow.broken))
        label = tag("text", arrow.label, x=_n(x + 34), y=_n(y + 2), cls="sw-label sw-start")
        under = tag("text", arrow.under, x=_n(x + 34), y=_n(y + 17), cls="sw-under sw-start") if arrow.under else None
        return elements([path, _tip(x + 1, y + 4, -1), label, under])


def _tip(x: float, y: float, way: int) -> Markup:
    back = x - way * 9
    return tag("polygon", points=f"{_n(x)},{_n(y)} {_n(back)},{_n(y - _TIP)} {_n(back)},{_n(y + _TIP)}", cls="sw-tip")


def _cross(x: float, y: float) -> Markup:
    return tag("path", d=f"M{_n(x - 6)} {_n(y - 6)}l12 12M{_n(x + 6)} {_n(y - 6)}l-12 12", cls="sw-cross")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
