"""Students × checks: a table whose cells say in a word and a sign what colour says to those who see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from markupsafe import Markup

from checker.errors import N_
from checker.grader.exports.figures import Column
from checker.grader.exports.sentences import number, status
from checker.grader.exports.subject import Subject
from checker.grader.marks import PRIVATE
from checker.grader.store import Entry
from checker.outcome import Outcome
from checker.report.clean import line
from checker.report.markup import elements, tag
from checker.report.words import Voice

__all__ = ["SIGNS", "heat_map"]

SIGNS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.BLOCKED: "○", Outcome.BROKEN: "!"}
Groups = Sequence[tuple[str, Sequence[tuple[int, Column]]]]


def heat_map(entries: Iterable[Entry], columns: Sequence[Column], slugs: Mapping[str, str], subject: Subject) -> Markup:
    """Return the table, in a frame that scrolls; names link to the feedback, numbers to the check."""
    voice, groups = subject.voice, _groups(columns, subject)
    caption = tag("caption", voice.say(N_("What each check came to, for each student")), cls="sw-unseen")
    body = tag("tbody", *(_row(entry, slugs[entry.student.key], groups, voice) for entry in entries))
    table = tag("table", caption, _head(groups, subject), body, cls="sw-heat")
    name = voice.say(N_("Students and checks, as a table"))
    return elements([_legend(voice), tag("div", table, cls="sw-scroll", tabindex=0, role="group", aria_label=name)])


def _groups(columns: Sequence[Column], subject: Subject) -> Groups:
    """Part the columns: this lab's, the private ones, those of each lab before."""
    homes: dict[str, list[tuple[int, Column]]] = {}
    for at, column in enumerate(columns, 1):
        before, colon, _ = column.name.partition("[")[0].rpartition(":")
        homes.setdefault(before if colon else "", []).append((at, column))
    named = {"": subject.lab.number, PRIVATE.removesuffix(":"): subject.voice.say(N_("private"))}
    return [(named.get(home, home), some) for home, some in homes.items()]


def _head(groups: Groups, subject: Subject) -> Markup:
    voice = subject.voice
    fixed = [tag("th", voice.say(name), scope="col", rowspan=2) for name in (N_("student"), N_("points"))]
    above = [tag("th", name, scope="colgroup", colspan=len(some), cls="sw-group") for name, some in groups]
    numbers = [
        _number(at, column, first=not n, subject=subject) for _, some in groups for n, (at, column) in enumerate(some)
    ]
    return tag("thead", tag("tr", *fixed, *above), tag("tr", *numbers))


def _number(at: int, column: Column, *, first: bool, subject: Subject) -> Markup:
    claim = subject.claim(column.name)
    link = tag("a", at, href=f"#c{at}", title=claim, aria_label=f"{at}: {claim}")
    return tag("th", link, scope="col", cls="sw-first" if first else None)


def _row(entry: Entry, slug: str, groups: Groups, voice: Voice) -> Markup:
    mark, student = entry.mark, entry.student
    outcomes = {name: outcome for name, outcome, _, _ in mark.checks}
    name = tag("a", line(student.name or student.key, 120), href=f"feedback/{slug}.html", title=line(student.key, 120))
    points = status(mark, voice) if mark.points is None else number(mark.points)
    late = tag("span", " ", voice.say(N_("late")), cls="sw-late") if mark.late else None
    cells = (
        _cell(outcomes.get(column.name), voice, first=not n) for _, some in groups for n, (_, column) in enumerate(some)
    )
    return tag("tr", tag("th", name, scope="row"), tag("td", points, late, cls="sw-points"), *cells)


@cache
def _cell(outcome: str | None, voice: Voice, *, first: bool) -> Markup:
    edge = " sw-first" if first else ""
    if outcome is None:
        return tag("td", tag("span", voice.say(N_("not run")), cls="sw-unseen"), cls=f"sw-none{edge}")
    word = tag("span", voice.outcome(Outcome(outcome)), cls="sw-unseen")
    return tag("td", tag("span", SIGNS[Outcome(outcome)], aria_hidden="true"), word, cls=f"sw-cell sw-{outcome}{edge}")


def _legend(voice: Voice) -> Markup:
    signs = [
        tag("li", tag("span", sign, cls=f"sw-cell sw-{outcome.value}", aria_hidden="true"), voice.outcome(outcome))
        for outcome, sign in SIGNS.items()
    ]
    return tag("ul", *signs, cls="sw-legend")
