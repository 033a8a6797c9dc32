"""What pages say of checks: how many came to what, each one by its sign, and one after the other in full. They have ids."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from checker.errors import N_
from checker.outcome import CheckResult, Outcome
from checker.report.clean import line
from checker.report.markup import tag
from checker.report.parts import badge, claim_text, evidence, mark, took
from checker.report.words import Voice

__all__ = ["card", "counted", "facts", "strip", "tally"]


def counted(checks: Sequence[CheckResult], voice: Voice) -> str:
    """Return how many passed, in words."""
    return voice.say(N_("{passed} of {total} passed"), passed=_count(checks, Outcome.PASSED), total=len(checks))


def tally(checks: Sequence[CheckResult], voice: Voice) -> Markup:
    """Return how many came to each outcome."""
    told = [(outcome, n) for outcome in Outcome if (n := _count(checks, outcome))]
    return tag(
        "ul", *(tag("li", mark(o), f"{n} {voice.outcome(o)}", cls=f"sw-{o.value}") for o, n in told), cls="sw-tally"
    )


def strip(checks: Sequence[CheckResult], voice: Voice) -> Markup | None:
    """Return one link for each check, by its sign: the run at a glance."""
    if not checks:
        return None
    links = [
        tag(
            "li",
            tag("a", mark(c.outcome), href=f"#check-{n}", aria_label=_link(c, voice), title=_link(c, voice)),
            cls=f"sw-{c.outcome.value}",
        )
        for n, c in enumerate(checks, 1)
    ]
    return tag("nav", tag("ol", *links, cls="sw-strip"), aria_label=voice.say(N_("Checks")))


def card(check: CheckResult, number: int, voice: Voice, beside: str = "") -> Markup:
    """Return one check with all that is known of it. ``beside`` is said next to its claim: how long it took, by default."""
    summary = tag(
        "summary",
        mark(check.outcome),
        tag("h2", claim_text(check, voice)),
        tag("span", beside, cls="sw-took sw-beside") if beside else tag("span", took(check), cls="sw-took"),
        badge(check.outcome, voice),
    )
    body = tag(
        "div", tag("p", tag("code", line(check.name, 200)), cls="sw-test"), evidence(check, voice), cls="sw-body"
    )
    opened = check.outcome is not Outcome.PASSED
    return tag("details", summary, body, open=opened, id=f"check-{number}", cls=f"sw-check sw-{check.outcome.value}")


def facts(told: Sequence[tuple[str, str | Markup]]) -> Markup:
    """Return names and values in a row; what is empty is left out."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in told if value), cls="sw-facts")


def _count(checks: Sequence[CheckResult], outcome: Outcome) -> int:
    return sum(check.outcome is outcome for check in checks)


def _link(check: CheckResult, voice: Voice) -> str:
    return f"{voice.outcome(check.outcome)}: {claim_text(check, voice)}"
