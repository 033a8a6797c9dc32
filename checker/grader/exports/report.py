"""The class as one web page: how it went, what most failed on, every student and check, who has no mark and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from checker.errors import N_
from checker.grader.exports.feedback import SHEET
from checker.grader.exports.figures import BINS, Column, Figures, figures
from checker.grader.exports.heat import heat_map
from checker.grader.exports.sentences import STATUSES, number, reason, share, status
from checker.grader.exports.subject import Subject
from checker.grader.marks import PRIVATE
from checker.grader.model import Status
from checker.grader.store import Entry
from checker.outcome import Message, Outcome
from checker.report.cards import facts
from checker.report.clean import line
from checker.report.markup import Child, elements, tag
from checker.report.page import document
from checker.report.words import Voice

__all__ = ["class_report"]

_TOLD = (Outcome.FAILED, Outcome.BLOCKED, Outcome.BROKEN, Outcome.PASSED)


def class_report(
    entries: Sequence[Entry],
    slugs: Mapping[str, str],
    subject: Subject,
    notes: Sequence[Message] = (),
    unsafe: Sequence[str] = (),
) -> str:
    """Return the page. ``slugs`` name students' files; ``unsafe`` are the keys of those whose work ran in no sandbox."""
    voice, counted = subject.voice, figures(entries, subject)
    sections = [
        _section("marks", N_("How the marks are distributed"), _bars(counted, voice), voice),
        _section("hard", N_("What most failed on"), _hard(counted.columns, subject), voice),
        _section("students", N_("Every student"), heat_map(entries, counted.columns, slugs, subject), voice),
        _section("without", N_("Who has no result, and why"), _without(entries, slugs, voice), voice),
        _section("notes", N_("What is to be known of the files"), _notes(notes, voice), voice),
    ]
    return document(
        subject.title,
        voice,
        _header(counted, subject, unsafe, len(entries)),
        tag("main", *sections, id="checks", tabindex=-1),
        skip=voice.say(N_("Skip to the results")),
        sheets=(SHEET,),
    )


def _section(name: str, title: str, inner: Markup | None, voice: Voice) -> Markup | None:
    if not inner:
        return None
    return tag(
        "section",
        tag("h2", voice.say(title), id=f"{name}-title", cls="sw-part"),
        inner,
        aria_labelledby=f"{name}-title",
    )


def _header(counted: Figures, subject: Subject, unsafe: Sequence[str], students: int) -> Markup:
    voice = subject.voice
    title = tag("h1", subject.title)
    verdict = tag("p", voice.say(N_("students: {count}"), count=students), cls="sw-verdict")
    told = [tag("li", f"{n} {voice.say(STATUSES[each])}") for each in Status if (n := counted.statuses.get(each, 0))]
    warned = voice.say(
        N_(
            "Hand-ins that were run without a sandbox, on your word: {count}. They could read and change whatever you can."
        ),
        count=len(unsafe),
    )
    return tag(
        "header",
        tag("div", title, verdict, cls="sw-title"),
        tag("ul", *told, cls="sw-tally"),
        tag("p", warned, cls="sw-warned") if unsafe else None,
        _summary(counted, voice),
    )


def _summary(counted: Figures, voice: Voice) -> Markup:
    of = voice.say(N_("of {most} points"), most=number(counted.most))
    average = {N_("mean"): counted.mean, N_("median"): counted.median}
    told = [(voice.say(name), f"{number(found)} {of}") for name, found in average.items() if found is not None]
    return facts([*told, (voice.say(N_("handed in late")), str(counted.late))])


def _bars(counted: Figures, voice: Voice) -> Markup | None:
    """Return a bar for each tenth of the points, with its number in words."""
    highest = max(counted.bins)
    if not highest:
        return None
    rows = [
        tag(
            "tr",
            tag("th", _range(at), scope="row"),
            tag("td", n, cls="sw-count"),
            tag(
                "td",
                tag("div", cls="sw-bar", style=f"width:{100 * n / highest:.0f}%"),
                aria_hidden="true",
                cls="sw-room",
            ),
        )
        for at, n in enumerate(counted.bins)
    ]
    head = tag("tr", *(tag("th", voice.say(name), scope="col") for name in (N_("share of the points"), N_("students"))))
    caption = tag("caption", voice.say(N_("How many students have how much")), cls="sw-unseen")
    return tag("table", caption, tag("thead", head), tag("tbody", *rows), cls="sw-bars")


def _range(at: int) -> str:
    low, high = 100 * at // BINS, 100 * (at + 1) // BINS
    return f"{low}–{high} %" if at == BINS - 1 else f"{low}–{high - 1} %"


def _hard(columns: Sequence[Column], subject: Subject) -> Markup | None:
    """Return the checks, those first that most students did not pass; their numbers are the table's below."""
    if not columns:
        return None
    voice = subject.voice
    numbered = sorted(enumerate(columns, 1), key=_hardness)
    names = (N_("no."), N_("check"), N_("points"), *(N_("failed"), N_("blocked"), N_("broken"), N_("passed")))
    head = tag("tr", *(tag("th", voice.say(name), scope="col") for name in names))
    rows = [_hard_row(at, column, subject) for at, column in numbered]
    caption = tag("caption", voice.say(N_("What each check came to")), cls="sw-unseen")
    table = tag("table", caption, tag("thead", head), tag("tbody", *rows), cls="sw-hard")
    return tag("div", table, cls="sw-scroll", tabindex=0, role="group", aria_label=voice.say(N_("Checks, as a table")))


def _hardness(numbered: tuple[int, Column]) -> tuple[bool, float, int]:
    """Return by what checks are put in order: those that are worth something first."""
    at, column = numbered
    return not column.most, -column.unpassed / max(column.students, 1), at


def _hard_row(at: int, column: Column, subject: Subject) -> Markup:
    voice, failed = subject.voice, column.counts.get(Outcome.FAILED, 0)
    claim: list[Child] = [subject.claim(column.name)]
    if column.name.startswith(PRIVATE):
        claim.append(tag("span", " ", voice.say(N_("private")), cls="sw-dim"))
    elif ":" in column.name.partition("[")[0]:
        claim.append(tag("span", f" {line(column.name.partition(':')[0], 20)}", cls="sw-dim"))
    portion = tag("span", f" {share(round(failed / column.students, 2))}", cls="sw-dim") if failed else None
    counts = [
        tag("td", column.counts.get(outcome, 0), portion if outcome is Outcome.FAILED else None, cls="sw-count")
        for outcome in _TOLD
    ]
    cells = [tag("th", *claim, scope="row"), tag("td", number(column.most), cls="sw-count"), *counts]
    return tag("tr", tag("td", at, cls="sw-count"), *cells, id=f"c{at}")


def _without(entries: Sequence[Entry], slugs: Mapping[str, str], voice: Voice) -> Markup | None:
    """Return who was not graded: first what is ours to mend, then what is theirs."""
    order = (Status.NOT_GRADABLE, Status.MALFORMED, Status.MISSING)
    found = [entry for each in order for entry in entries if entry.mark.status is each]
    rows = [
        tag(
            "tr",
            tag(
                "th", tag("a", line(_named(entry), 200), href=f"feedback/{slugs[entry.student.key]}.html"), scope="row"
            ),
            tag("td", status(entry.mark, voice)),
            tag("td", reason(entry.mark.message, voice)),
            tag("td", line(entry.handin.source, 200) if entry.handin else None),
        )
        for entry in found
    ]
    names = (N_("student"), N_("what became of it"), N_("why, and what to do"), N_("where it lay"))
    head = tag("tr", *(tag("th", voice.say(name), scope="col") for name in names))
    caption = tag("caption", voice.say(N_("Students without a result")), cls="sw-unseen")
    table = tag("table", caption, tag("thead", head), tag("tbody", *rows), cls="sw-without")
    name = voice.say(N_("Students without a result, as a table"))
    return tag("div", table, cls="sw-scroll", tabindex=0, role="group", aria_label=name) if found else None


def _named(entry: Entry) -> str:
    student = entry.student
    return f"{student.name} ({student.key})" if student.name and student.name != student.key else student.key


def _notes(notes: Sequence[Message], voice: Voice) -> Markup | None:
    return elements([tag("ul", *(tag("li", reason(note, voice)) for note in notes), cls="sw-notes")]) if notes else None
