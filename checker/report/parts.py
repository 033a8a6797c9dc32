"""The pieces of a check in HTML, shared by the page and the notebook; none has an id."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from checker.errors import N_
from checker.outcome import CheckResult, Outcome
from checker.report.clean import line
from checker.report.markup import Child, elements, tag
from checker.report.sequence import sequence
from checker.report.wire import duration, in_order, rows
from checker.report.words import Voice, hint_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from checker.ledger import Exchange

__all__ = ["badge", "claim_text", "evidence", "mark", "took"]

_ROWS = 200
_SHAPES: Mapping[Outcome, tuple[tuple[str, Mapping[str, str | float]], str]] = {
    Outcome.PASSED: (("circle", {"cx": 8, "cy": 8, "r": 7.5}), "M4.5 8.3l2.4 2.4 4.6-5.1"),
    Outcome.FAILED: (("rect", {"x": 1, "y": 1, "width": 14, "height": 14, "rx": 2}), "M5 5l6 6M11 5l-6 6"),
    Outcome.BLOCKED: (("path", {"d": "M5 .8h6l4.2 4.2v6L11 15.2H5L.8 11V5z"}), "M4.5 8h7"),
    Outcome.BROKEN: (("path", {"d": "M8 .8L15.6 14.6H.4z"}), "M8 5.6v4M8 11.6v.9"),
}


@cache
def mark(outcome: Outcome) -> Markup:
    """Return the sign of an outcome, told apart by its shape; a word must stand beside it."""
    (shape, attributes), stroke = _SHAPES[outcome]
    ground = tag(shape, cls="sw-ground", **attributes)
    return tag(
        "svg", ground, tag("path", d=stroke, cls="sw-stroke"), cls="sw-mark", viewBox="0 0 16 16", aria_hidden="true"
    )


def badge(outcome: Outcome, voice: Voice) -> Markup:
    """Return the word for an outcome, in its colour."""
    return tag("span", voice.outcome(outcome), cls="sw-badge")


def claim_text(check: CheckResult, voice: Voice) -> str:
    """Return the claim, or the check's name where it claims nothing in words."""
    return line(voice.pick(check.claim) or check.name, 400)


def evidence(check: CheckResult, voice: Voice) -> Markup:
    """Return all that is known of a check, below its claim."""
    return elements(
        [
            _said(check, voice),
            _assertion(check),
            _wire(check, voice),
            _logs(check, voice),
            _advice(check, voice),
            _detail(check, voice),
        ]
    )


def _said(check: CheckResult, voice: Voice) -> Markup:
    ours = voice.say(N_("Our fault, not yours."))
    return elements(
        [
            tag("p", ours, cls="sw-ours") if check.outcome is Outcome.BROKEN else None,
            tag("p", said, cls="sw-said") if (said := voice.message(check.message)) else None,
        ]
    )


def _assertion(check: CheckResult) -> Markup | None:
    if not check.assertion:
        return None
    compared = tag("span", f"   ({line(check.expression, 400)})", cls="sw-expression") if check.expression else None
    return tag("pre", tag("code", check.assertion, compared), cls="sw-assertion", tabindex=0)


def _wire(check: CheckResult, voice: Voice) -> Markup | None:
    if not check.wire:
        return None
    label = voice.say(N_("On the wire"))
    drawn = tag("div", sequence(check.wire, voice), cls="sw-scroll", tabindex=0, role="group", aria_label=label)
    table = _folded(voice.say(N_("The same as a table")), _table(check.wire, voice), cls="sw-more-of-it")
    return tag(
        "figure", tag("figcaption", label, cls="sw-label-of"), drawn, _faults(check, voice), table, cls="sw-wire"
    )


def _faults(check: CheckResult, voice: Voice) -> Markup | None:
    if not check.faults:
        return None
    zero = min([e.at for e in check.wire] + [f.at for f in check.faults])
    told = [f"{voice.party(f.callee)} {voice.term(f.what)} (+{f.at - zero:.2f} s)" for f in check.faults[:_ROWS]]
    return tag("p", tag("span", voice.say(N_("What we did to it: ")), cls="sw-dim"), " · ".join(told), cls="sw-faults")


def _table(wire: Sequence[Exchange], voice: Voice) -> Markup:
    kept = in_order(wire)[:_ROWS]
    zero = kept[0].at
    heads = [N_("at"), N_("from"), N_("to"), N_("request"), N_("reply"), N_("took"), N_("remark"), N_("bodies")]
    head = tag("tr", *(tag("th", voice.say(name), scope="col") for name in heads))
    body = [
        _table_row(
            [f"+{e.at - zero:.3f} s", row.caller, row.callee, row.request, row.status, row.took, row.remark],
            _bodies(e, voice),
            row.tone,
        )
        for e, row in zip(kept, rows(kept, voice, fold=False), strict=True)
    ]
    left = len(wire) - len(kept)
    more = tag("p", voice.say(N_("… {count} more in results.json"), count=left), cls="sw-dim") if left else None
    table = tag("table", tag("thead", head), tag("tbody", *body), cls="sw-table")
    name = voice.say(N_("Exchanges, as a table"))
    return elements([tag("div", table, cls="sw-scroll", tabindex=0, role="group", aria_label=name), more])


def _table_row(texts: Sequence[str], bodies: Markup | None, tone: str) -> Markup:
    return tag("tr", *(tag("td", text) for text in texts), tag("td", bodies), cls=f"sw-tone-{tone or 'calm'}")


def _bodies(exchange: Exchange, voice: Voice) -> Markup | None:
    said = {voice.say(N_("sent")): exchange.sent, voice.say(N_("received")): exchange.received}
    shown = [
        tag("div", tag("span", f"{name} ", cls="sw-dim"), tag("code", text)) for name, text in said.items() if text
    ]
    return elements(shown) if shown else None


def _logs(check: CheckResult, voice: Voice) -> Markup:
    opened = check.outcome is Outcome.FAILED
    return elements(
        _folded(
            voice.say(N_("Log of {process}"), process=line(process, 60)),
            tag("pre", tag("code", "\n".join(line(text, 2_000) for text in lines[-_ROWS:])), cls="sw-log", tabindex=0),
            opened=opened,
        )
        for process, lines in check.logs.items()
        if lines
    )


def _advice(check: CheckResult, voice: Voice) -> Markup | None:
    troubled = check.outcome is not Outcome.PASSED
    pairs: list[tuple[str, Child]] = [
        (voice.say(N_("again")), tag("code", check.again, cls="sw-command") if check.again else None),
        (voice.say(N_("why")), voice.pick(check.why) or None),
        (voice.say(N_("next")), _next(check, voice) if troubled else None),
        (voice.say(N_("read")), voice.pick(check.place) if check.place and troubled else None),
    ]
    told = [elements([tag("dt", name), tag("dd", text)]) for name, text in pairs if text]
    return tag("dl", *told, cls="sw-advice") if told else None


def _next(check: CheckResult, voice: Voice) -> Markup | None:
    move, hint = voice.next_move(check), hint_command(check)
    if check.outcome is not Outcome.FAILED:
        return elements([move]) if move else None
    return elements([f"{move} · " if move != hint else None, tag("code", hint, cls="sw-command")])


def _detail(check: CheckResult, voice: Voice) -> Markup | None:
    if not check.detail:
        return None
    shown = tag("pre", tag("code", check.detail), cls="sw-log", tabindex=0)
    return _folded(voice.say(N_("What happened in the checker")), shown)


def _folded(summary: str, inner: Markup, *, opened: bool = False, cls: str = "sw-fold-of") -> Markup:
    return tag("details", tag("summary", summary), inner, open=opened, cls=cls)


def took(check: CheckResult) -> str:
    """Return how long a check took."""
    return duration(check.seconds) if check.seconds else ""
