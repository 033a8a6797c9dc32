"""Results as one web page that needs nothing else: no script, no request, its own style."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

from checker.errors import N_
from checker.outcome import CheckResult, Outcome, Results
from checker.report.clean import line
from checker.report.markup import elements, tag
from checker.report.parts import badge, claim_text, evidence, mark, took
from checker.report.wire import duration
from checker.report.words import Translate, Voice, identity, lab_number

__all__ = ["POLICY", "language_tag", "render_html", "style"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def render_html(results: Results, *, lang: str = "en", translate: Translate = identity, then: str = "") -> str:
    """Return the whole page; ``then`` is what to type next."""
    voice = Voice(lang, translate)
    body = tag(
        "body", _skip(voice), _header(results, voice), _main(results, voice), _footer(results, voice, then), cls="sw"
    )
    return f"<!doctype html>\n{tag('html', _head(results, voice), body, lang=language_tag(lang))}\n"


def language_tag(lang: str) -> str:
    """Return the BCP 47 tag of a language of the course."""
    return {"zh": "zh-Hans"}.get(lang, lang)


@cache
def style(name: str) -> Markup:
    """Return a style sheet of this package, as an element."""
    sheet = Path(__file__).with_name(f"{name}.css").read_text("utf-8")
    return tag("style", Markup(sheet))  # noqa: S704  (a file of ours)


def _head(results: Results, voice: Voice) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{line(results.lab, 80)}: {_counted(results, voice)} · Seamwork"),
        style("pieces"),
        style("page"),
    )


def _skip(voice: Voice) -> Markup:
    return tag("a", voice.say(N_("Skip to the checks")), href="#checks", cls="sw-skip")


def _header(results: Results, voice: Voice) -> Markup:
    title = tag("h1", line(results.lab, 80))
    verdict = tag("p", _counted(results, voice), cls="sw-verdict")
    return tag(
        "header",
        tag("div", title, verdict, cls="sw-title"),
        _tally(results, voice),
        _strip(results, voice),
        _facts(results, voice),
    )


def _counted(results: Results, voice: Voice) -> str:
    passed, total = results.count(Outcome.PASSED), len(results.checks)
    return voice.say(N_("{passed} of {total} passed"), passed=passed, total=total)


def _tally(results: Results, voice: Voice) -> Markup:
    counted = [(outcome, n) for outcome in Outcome if (n := results.count(outcome))]
    return tag(
        "ul", *(tag("li", mark(o), f"{n} {voice.outcome(o)}", cls=f"sw-{o.value}") for o, n in counted), cls="sw-tally"
    )


def _strip(results: Results, voice: Voice) -> Markup | None:
    """Return one link for each check, by its sign: the run at a glance."""
    if not results.checks:
        return None
    links = [
        tag(
            "li",
            tag("a", mark(c.outcome), href=f"#check-{n}", aria_label=_link(c, voice), title=_link(c, voice)),
            cls=f"sw-{c.outcome.value}",
        )
        for n, c in enumerate(results.checks, 1)
    ]
    return tag("nav", tag("ol", *links, cls="sw-strip"), aria_label=voice.say(N_("Checks")))


def _link(check: CheckResult, voice: Voice) -> str:
    return f"{voice.outcome(check.outcome)}: {claim_text(check, voice)}"


def _facts(results: Results, voice: Voice) -> Markup:
    started = tag("time", results.started.replace("T", " ").replace("Z", " UTC"), datetime=line(results.started, 40))
    facts: list[tuple[str, str | Markup]] = [
        (voice.say(N_("started")), started),
        (voice.say(N_("took")), duration(results.duration)),
        (voice.say(N_("seed")), str(results.seed)),
        (voice.say(N_("workspace")), line(results.workspace, 300)),
        *((voice.term(line(key, 40)), line(value, 200)) for key, value in results.environment.items()),
    ]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value), cls="sw-facts")


def _main(results: Results, voice: Voice) -> Markup:
    nothing = None if results.checks else tag("p", voice.say(N_("No check ran.")))
    checks = elements(_check(check, n, voice) for n, check in enumerate(results.checks, 1))
    return tag("main", nothing, checks, id="checks", tabindex=-1)


def _check(check: CheckResult, number: int, voice: Voice) -> Markup:
    summary = tag(
        "summary",
        mark(check.outcome),
        tag("h2", claim_text(check, voice)),
        tag("span", took(check), cls="sw-took"),
        badge(check.outcome, voice),
    )
    body = tag(
        "div", tag("p", tag("code", line(check.name, 200)), cls="sw-test"), evidence(check, voice), cls="sw-body"
    )
    opened = check.outcome is not Outcome.PASSED
    return tag("details", summary, body, open=opened, id=f"check-{number}", cls=f"sw-check sw-{check.outcome.value}")


def _footer(results: Results, voice: Voice, then: str) -> Markup:
    meaning = {
        0: N_("All passed."),
        1: N_("Something failed. What is blocked may pass once that is mended."),
        2: N_("It could not be decided: nothing failed, and not all passed."),
    }
    told = tag("p", voice.say(meaning[results.exit_code]))
    command = tag("code", f"seamwork check {lab_number(results.lab)} --seed {results.seed}", cls="sw-command")
    again = tag("p", voice.say(N_("The same run again:")), " ", command, cls="sw-dim")
    return tag("footer", told, tag("p", then, cls="sw-then") if then else None, again)
