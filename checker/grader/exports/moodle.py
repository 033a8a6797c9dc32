"""The gradebook of Moodle: a CSV for "Import → CSV file".

moodle/moodle, grade/import/csv/classes/load_data.php, and https://docs.moodle.org/en/Grade_import. Whose line it is, one
column says: the email address or the ID number, whichever more students have. A line with an empty one would give its mark
to the student of the line before, so a column with a hole is left out. No mark is "-", as in Moodle's own export: an empty
cell becomes 0 where the import makes a new grade item.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from checker.errors import N_
from checker.grader.exports.gradebook import is_formula, table, text
from checker.grader.exports.left import FORMULA, Left
from checker.grader.exports.sentences import number, share, verdict
from checker.grader.exports.subject import Subject
from checker.grader.model import Status, Student
from checker.grader.store import Entry
from checker.outcome import Message, Outcome
from checker.report.clean import line
from checker.report.words import Voice

__all__ = ["moodle_csv"]

FILE = "moodle.csv"
NO_MARK = "-"
EMAIL, ID = "Email address", "ID number"
NO_IDENTITY = {
    EMAIL: Message(N_("The roster has no email address of theirs.")),
    ID: Message(N_("The roster has no ID number of theirs.")),
}
CLAIMS = 5


def moodle_csv(entries: Iterable[Entry], subject: Subject) -> tuple[str, list[Left]]:
    """Return the file, and who is not in it."""
    every = list(entries)
    by = _column([entry.student for entry in every])
    left = [Left(entry.student.key, FILE, why) for entry in every if (why := _why_not(entry.student, by))]
    there = [entry for entry in every if _why_not(entry.student, by) is None]
    columns = [name for name in (EMAIL, ID) if all(_fits(_identity(entry.student, name)) for entry in there)]
    head = [*columns, "Full name", text(subject.lab.name), text(f"{subject.lab.name} feedback")]
    rows = [_row(entry, columns, subject) for entry in there]
    return table([head, *rows]), left


def _row(entry: Entry, columns: Sequence[str], subject: Subject) -> list[str]:
    student, points = entry.student, entry.mark.points
    return [
        *(_identity(student, name) for name in columns),
        text(student.name or student.key),
        NO_MARK if points is None else number(points),
        text(html.escape(_feedback(entry, subject), quote=False)),  # Moodle shows feedback as HTML
    ]


def _feedback(entry: Entry, subject: Subject) -> str:
    """Return a summary: how many passed, what failed, what being late cost. Never what a submission said."""
    mark, voice = entry.mark, subject.voice
    if mark.status is not Status.GRADED:
        return verdict(mark, voice)
    counting = [(name, outcome) for name, outcome, _, most in mark.checks if most]
    passed = [name for name, outcome in counting if outcome == Outcome.PASSED]
    told = [
        verdict(mark, voice),
        voice.say(N_("{passed} of {total} passed"), passed=len(passed), total=len(counting)),
        voice.say(N_("{taken} off for being late"), taken=share(mark.penalty)) if mark.penalty else "",
        _failed(counting, subject, voice),
    ]
    return "; ".join(filter(None, told))


def _failed(checks: Sequence[tuple[str, str]], subject: Subject, voice: Voice) -> str:
    claims = [subject.claim(name) for name, outcome in checks if outcome == Outcome.FAILED]
    if not claims:
        return ""
    more = [voice.say(N_("… {count} more"), count=len(claims) - CLAIMS)] if len(claims) > CLAIMS else []
    return voice.say(N_("failed: {claims}"), claims=" ".join([*claims[:CLAIMS], *more]))


def _column(students: Sequence[Student]) -> str:
    return max((EMAIL, ID), key=lambda name: sum(_fits(_identity(student, name)) for student in students))


def _identity(student: Student, column: str) -> str:
    return line(student.email if column == EMAIL else student.ids.get("sis", ""), 200)


def _fits(identity: str) -> bool:
    return bool(identity) and not is_formula(identity)


def _why_not(student: Student, by: str) -> Message | None:
    found = _identity(student, by)
    if not found:
        return NO_IDENTITY[by]
    return FORMULA if is_formula(found) else None
