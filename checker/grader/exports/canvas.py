"""The gradebook of Canvas: a CSV for its "Import".

instructure/canvas-lms, lib/gradebook_importer.rb: the columns Student, ID, SIS User ID, SIS Login ID, Section, then one for
each assignment; a line of "Points Possible"; students are found by ID, then by SIS user id, then by login. An empty cell is
no mark. ``Subject.column`` is the assignment as Canvas writes it, "Lab 3 (1234)"; under another name a new one is made.
"""

from __future__ import annotations

from collections.abc import Iterable

from checker.errors import N_
from checker.grader.exports.gradebook import identity_note, is_formula, table, text
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


def canvas_csv(entries: Iterable[Entry], subject: Subject) -> tuple[str, list[Message]]:
    """Return the file, and who is not in it."""
    there, notes = [], []
    for entry in entries:
        note = _why_not(entry.student)
        notes += [note] if note else []
        there += [] if note else [entry]
    most = number(max((entry.mark.most for entry in there), default=0.0))
    rows = (
        [text(e.student.name or e.student.key), *_ids(e.student), text(e.student.section), _points(e)] for e in there
    )
    head = [[*HEAD, text(subject.column or subject.lab.name)], ["    Points Possible", "", "", "", "", most]]
    return table([*head, *rows]), notes


def _why_not(student: Student) -> Message | None:
    ids = _ids(student)
    if not any(ids):
        return Message(
            N_("{student} is not in {book}: the roster has no Canvas ID, SIS ID or login."),
            N_("Add one of them to the roster, or type the mark in."),
            {"student": student.key, "book": FILE},
        )
    odd = next(filter(is_formula, ids), "")
    return identity_note(student.key, odd, FILE) if odd else None


def _ids(student: Student) -> list[str]:
    return [line(student.ids.get(name, ""), 200) for name in _IDS]


def _points(entry: Entry) -> str:
    return "" if entry.mark.points is None else number(entry.mark.points)
