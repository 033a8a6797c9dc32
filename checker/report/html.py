"""Results of one run as one web page that needs nothing else."""

from __future__ import annotations

from markupsafe import Markup

from checker.errors import N_
from checker.outcome import Results
from checker.report.cards import card, counted, facts, strip, tally
from checker.report.clean import line
from checker.report.markup import elements, tag
from checker.report.page import POLICY, document, language_tag, style
from checker.report.wire import duration
from checker.report.words import Translate, Voice, identity, lab_number

__all__ = ["POLICY", "language_tag", "render_html", "style"]  # the frame's parts: for the map of coupling


def render_html(results: Results, *, lang: str = "en", translate: Translate = identity, then: str = "") -> str:
    """Return the whole page; ``then`` is what to type next."""
    voice = Voice(lang, translate)
    return document(
        f"{line(results.lab, 80)}: {counted(results.checks, voice)}",
        voice,
        _header(results, voice),
        _main(results, voice),
        _footer(results, voice, then),
        skip=voice.say(N_("Skip to the checks")),
    )


def _header(results: Results, voice: Voice) -> Markup:
    title = tag("h1", line(results.lab, 80))
    verdict = tag("p", counted(results.checks, voice), cls="sw-verdict")
    return tag(
        "header",
        tag("div", title, verdict, cls="sw-title"),
        tally(results.checks, voice),
        strip(results.checks, voice),
        _facts(results, voice),
    )


def _facts(results: Results, voice: Voice) -> Markup:
    started = tag("time", results.started.replace("T", " ").replace("Z", " UTC"), datetime=line(results.started, 40))
    return facts(
        [
            (voice.say(N_("started")), started),
            (voice.say(N_("took")), duration(results.duration)),
            (voice.say(N_("seed")), str(results.seed)),
            (voice.say(N_("workspace")), line(results.workspace, 300)),
            *((voice.term(line(key, 40)), line(value, 200)) for key, value in results.environment.items()),
        ]
    )


def _main(results: Results, voice: Voice) -> Markup:
    nothing = None if results.checks else tag("p", voice.say(N_("No check ran.")))
    checks = elements(card(check, n, voice) for n, check in enumerate(results.checks, 1))
    return tag("main", nothing, checks, id="checks", tabindex=-1)


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
