"""Results as a piece of HTML for a notebook's output: own colours, no script, no id, nothing a page around it can clash with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.errors import N_
from checker.outcome import CheckResult, Outcome, Results
from checker.report.clean import line
from checker.report.markup import tag
from checker.report.page import language_tag, style
from checker.report.parts import badge, claim_text, evidence, mark
from checker.report.wire import duration
from checker.report.words import Translate, Voice, identity

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["render_fragment"]


def render_fragment(results: Results, *, lang: str = "en", translate: Translate = identity, then: str = "") -> str:
    """Return the fragment; ``then`` is what to type next."""
    voice = Voice(lang, translate)
    checks = tag("div", *(_check(check, voice) for check in results.checks), cls="sw-list")
    ending = tag("p", then, cls="sw-then") if then else None
    return str(
        tag(
            "div", style("pieces"), _head(results, voice), checks, ending, cls="sw sw-notebook", lang=language_tag(lang)
        )
    )


def _head(results: Results, voice: Voice) -> Markup:
    counted = voice.say(
        N_("{passed} of {total} passed"), passed=results.count(Outcome.PASSED), total=len(results.checks)
    )
    ran = voice.say(N_("{duration}, seed {seed}"), duration=duration(results.duration), seed=results.seed)
    return tag(
        "p",
        tag("strong", line(results.lab, 80)),
        " ",
        tag("span", counted),
        " ",
        tag("span", ran, cls="sw-dim"),
        cls="sw-headline",
    )


def _check(check: CheckResult, voice: Voice) -> Markup:
    claim = tag("span", claim_text(check, voice), cls="sw-claim")
    summary = tag("summary", mark(check.outcome), claim, badge(check.outcome, voice))
    body = tag("div", evidence(check, voice), cls="sw-body")
    opened = check.outcome is not Outcome.PASSED
    return tag("details", summary, body, open=opened, cls=f"sw-check sw-{check.outcome.value}")
