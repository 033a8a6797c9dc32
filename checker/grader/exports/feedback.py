"""What one student gets to read, as a web page: the mark, how it came about, each check with what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from checker.errors import N_
from checker.grader.exports.sentences import SANDBOXES, clock, explained, number, verdict
from checker.grader.exports.shown import One, Shown
from checker.grader.exports.subject import Subject
from checker.outcome import Outcome
from checker.report.cards import card, counted, facts, strip, tally
from checker.report.clean import line
from checker.report.markup import elements, tag
from checker.report.page import document
from checker.report.parts import badge, claim_text, mark
from checker.report.words import Voice

__all__ = ["SHEET", "feedback_page", "heading", "worth"]

SHEET = Path(__file__).with_name("class.css")


def feedback_page(one: One, subject: Subject) -> str:
    """Return the page. Private checks show their claim and what they came to, and nothing else."""
    voice = subject.voice
    title = f"{subject.title}: {heading(one)}"
    return document(
        title,
        voice,
        _header(one, subject),
        tag("main", _mark(one, voice), _checks(one, voice), id="checks", tabindex=-1),
        tag(
            "footer", tag("p", voice.say(N_("If you think that this is not right, show this page to your instructor.")))
        ),
        skip=voice.say(N_("Skip to the mark and the checks")),
        sheets=(SHEET,),
    )


def heading(one: One) -> str:
    """Return who it is: "Ada Lovelace (ada)"."""
    name, key = line(one.student.name, 120), line(one.student.key, 120)
    return f"{name} ({key})" if name and name != key else key


def worth(shown: Shown, voice: Voice) -> str:
    """Return what a check earned; nothing is said where it is worth nothing."""
    if not shown.worth:
        return ""
    return voice.say(N_("{points} of {most}"), points=number(shown.earned), most=number(shown.worth))


def _header(one: One, subject: Subject) -> Markup:
    voice, results = subject.voice, [shown.result for shown in one.checks]
    title = tag("div", tag("h1", subject.title), tag("p", verdict(one.mark, voice), cls="sw-verdict"), cls="sw-title")
    counting = [shown.result for shown in one.checks if shown.worth]
    passed = tag("p", counted(counting, voice), cls="sw-dim") if counting else None
    return tag(
        "header",
        tag("p", heading(one), cls="sw-who"),
        title,
        passed,
        tally(results, voice) if results else None,
        strip(results, voice),
        _facts(one, voice),
    )


def _facts(one: One, voice: Voice) -> Markup:
    entry = one.entry
    at = entry.handin.submitted_at if entry.handin else None
    return facts(
        [
            (voice.say(N_("handed in")), clock(at) if at else ""),
            (voice.say(N_("what was handed in")), line(entry.handin.source, 300) if entry.handin else ""),
            (voice.say(N_("graded")), clock(entry.graded_at) if entry.graded_at else ""),
            (voice.say(N_("seed")), str(entry.key.seed) if entry.key else ""),
            (voice.say(N_("sandbox")), voice.say(one.sandbox if one.sandbox in SANDBOXES else "")),
        ]
    )


def _mark(one: One, voice: Voice) -> Markup | None:
    told = explained(one, voice)
    heads = tag("h2", voice.say(N_("How the mark came about")), cls="sw-part")
    return elements([heads, *(tag("p", sentence, cls="sw-told") for sentence in told)]) if told else None


def _checks(one: One, voice: Voice) -> Markup:
    """Return the checks under a heading for each kind of them; where a lab before has failed, it comes first, as it ran."""
    before = [s for s in one.checks if s.earlier]
    parts = [
        (N_("The checks of this lab"), [s for s in one.checks if not s.private and not s.earlier]),
        (N_("Checks that only your instructor has"), [s for s in one.checks if s.private]),
    ]
    at = 0 if any(s.result.outcome is Outcome.FAILED for s in before) else len(parts)
    parts.insert(at, (N_("The checks of the labs before, which are worth nothing here"), before))
    numbers = {shown.name: at for at, shown in enumerate(one.checks, 1)}
    return elements(_part(voice.say(name), some, numbers, voice) for name, some in parts if some)


def _part(name: str, some: Sequence[Shown], numbers: dict[str, int], voice: Voice) -> Markup:
    cards = (_card(shown, numbers[shown.name], voice) for shown in some)
    return tag("section", tag("h2", name, cls="sw-part"), *cards)


def _card(shown: Shown, at: int, voice: Voice) -> Markup:
    if not shown.private:
        return card(shown.result, at, voice, worth(shown, voice))
    outcome = shown.result.outcome
    head = tag(
        "div",
        mark(outcome),
        tag("h2", claim_text(shown.result, voice)),
        tag("span", worth(shown, voice), cls="sw-took sw-beside"),
        badge(outcome, voice),
        cls="sw-closed",
    )
    ours = (
        tag("p", voice.say(N_("Our fault, not yours.")), cls="sw-ours sw-body") if outcome is Outcome.BROKEN else None
    )
    return tag("div", head, ours, id=f"check-{at}", cls=f"sw-check sw-{outcome.value}")
