"""The gradebook of Canvas: a CSV for its "Import".

instructure/canvas-lms, lib/gradebook_importer.rb: the columns Student, ID, SIS User ID, SIS Login ID, Section, then one for
each assignment; a line of "Points Possible"; students are found by ID, then by SIS user id, then by login. An empty cell is
no mark. ``Subject.column`` is the assignment as Canvas writes it, "Lab 3 (1234)"; under another name a new one is made.
"""

from __future__ import annotations

from collections.abc import Iterable

from checker.errors import N_
from checker.grader.exports.gradebook import is_formula, table, text
from checker.grader.exports.left import FORMULA, Left
from checker.grader.exports.sentences import number
from checker.grader.exports.subject import Subject
from checker.grader.model import Student
from checker.grader.store import Entry
from checker.outcome import Message
from checker.report.clean import line

__all__ = ["canvas_csv"]

FILE = "canvas.csv"
HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_IDS = ("canvas", "sis", "login")
NO_IDENTITY = Message(N_("The roster has no Canvas ID, SIS ID or login of theirs."))


def canvas_csv(entries: Iterable[Entry], subject: Subject) -> tuple[str, list[Left]]:
    """Return the file, and who is not in it."""
    there, left = [], []
    for entry in entries:
        if why := _why_not(entry.student):
            left.append(Left(entry.student.key, FILE, why))
        else:
            there.append(entry)
    most = number(max((entry.mark.most for entry in there), default=0.0))
    rows = (
        [text(e.student.name or e.student.key), *_ids(e.student), text(e.student.section), _points(e)] for e in there
    )
    head = [[*HEAD, text(subject.column or subject.lab.name)], ["    Points Possible", "", "", "", "", most]]
    return table([*head, *rows]), left


def _why_not(student: Student) -> Message | None:
    ids = _ids(student)
    if not any(ids):
        return NO_IDENTITY
    return FORMULA if any(map(is_formula, ids)) else None


def _ids(student: Student) -> list[str]:
    return [line(student.ids.get(name, ""), 200) for name in _IDS]


def _points(entry: Entry) -> str:
    return "" if entry.mark.points is None else number(entry.mark.points)
