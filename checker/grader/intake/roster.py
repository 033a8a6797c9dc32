"""The roster: who is in the class. One's own CSV, or what Canvas and Moodle export.

Canvas' gradebook: "Student" (or "LastName", "FirstName"), "ID", "SIS User ID", "SIS Login ID", "Section", then a line of
"Points Possible" (instructure/canvas-lms, lib/gradebook_exporter.rb). Moodle's grading worksheet: "Identifier"
("Participant 501"), "Full name", "ID number", "Email address", "Last modified (submission)" (moodle/moodle,
mod/assign/gradingtable.php); its list of participants and its grades: "First name", "Last name" or "Surname", "ID number",
"Email address" (grade/export). GitHub Classroom: "identifier", "github_username".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from checker.errors import N_, UsageError
from checker.grader.intake.dates import moodle_date, parse_date
from checker.grader.intake.tables import Row, Table, read_table
from checker.grader.model import Extension, Student
from checker.outcome import Message

__all__ = ["Roster", "key_column", "key_of", "read_roster", "refuse_twice"]

_COLUMNS: dict[str, tuple[str, ...]] = {
    "key": ("key", "student key", "id", "student id", "student number", "学号", "roster identifier"),
    "sis": ("sis", "sis user id", "sis id", "id number", "sid"),
    "login": ("login", "sis login id", "login id", "username", "user name", "用户名"),
    "email": ("email", "email address", "e mail", "mail", "邮箱", "电子邮件", "电子邮件地址"),
    "canvas": ("canvas", "canvas id", "canvas user id"),
    "moodle": ("moodle", "moodle id", "identifier", "participant"),
    "github": ("github", "github username"),
    "name": ("name", "full name", "student", "student name", "姓名", "全名"),
    "first": ("first name", "firstname", "given name", "名"),
    "last": ("last name", "lastname", "surname", "family name", "姓"),
    "section": ("section", "sections", "group", "class", "班级"),
    "deadline": ("deadline", "due", "extension", "截止时间", "截止日期"),
    "days": ("extra days", "days", "extension days", "延期天数"),
    "submitted": ("submitted at", "submitted", "last modified (submission)"),
}
_KEYS = ("key", "sis", "login", "email", "canvas", "moodle", "github")
_IDS = ("sis", "login", "canvas", "moodle", "github")
_CANVAS = {"id", "sis login id", "section"}
_TEST_STUDENTS = {"Student, Test", "Test Student"}
_SHORTENED = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Roster:
    """The class, in the file's order. ``submitted``: when, by key, where the file knows (Moodle's worksheet does)."""

    students: tuple[Student, ...]
    submitted: Mapping[str, datetime] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()


def read_roster(path: Path, zone: tzinfo | None = None) -> Roster:
    """Read a roster. Raises UsageError, with the line, for what is missing, there twice, or no date.

    ``zone`` is whose clock the dates mean: this machine's, by default.
    """
    table = read_table(path)
    columns = _columns(table)
    rows = [row for row in table.rows if not _is_filler(row, table, columns)]
    key = key_column(table, columns, rows)
    refuse_twice(table, rows, key)
    students, submitted = [], {}
    for row in rows:
        student = _student(row, table, columns, key, zone)
        students.append(student)
        if moment := _submitted(row.get(*columns["submitted"]), zone):
            submitted[student.key] = moment
    return Roster(tuple(students), submitted, table.notes)


def key_column(
    table: Table, columns: Mapping[str, tuple[str, ...]] | None = None, rows: list[Row] | None = None
) -> str:
    """Return which column tells students apart: the first that says something of each. Raises UsageError for none."""
    columns = columns or _columns(table)
    rows = list(table.rows) if rows is None else rows
    for name in _KEYS:
        holes = [row for row in rows if not row.get(*columns[name])]
        if rows and not holes:
            return name
        if name == "key" and len(holes) < len(rows):
            raise UsageError(
                N_("Line {line} of {path} says nothing in the column that tells students apart."),
                N_("Fill it in, or take the line out."),
                line=holes[0].line,
                path=table.path,
            )
    raise UsageError(
        N_("{path} has no column that tells all students apart. Its columns: {found}."),
        N_("Add one named key (a student number, a login or an email address), filled in on each line."),
        path=table.path,
        found=", ".join(filter(None, table.headers)),
    )


def key_of(row: Row, table: Table, column: str) -> str:
    """Return what the column that tells students apart says on a line."""
    return row.get(*_columns(table)[column])


def refuse_twice(table: Table, rows: Iterable[Row], column: str) -> None:
    """Raise UsageError where a student is on two lines."""
    seen: dict[str, int] = {}
    for row in rows:
        key = key_of(row, table, column)
        if (first := seen.setdefault(key.casefold(), row.line)) != row.line:
            raise _wrong(
                N_("Line {line} of {path} has {found!r} again; line {first} had it first."),
                N_("Take one of them out, or add a column named key in which they differ."),
                row,
                table,
                key,
                first=first,
            )


def _columns(table: Table) -> dict[str, tuple[str, ...]]:
    columns = dict(_COLUMNS)
    if set(table.headers) >= _CANVAS and {"student", "lastname"} & set(table.headers):
        columns["key"], columns["canvas"] = ("key",), ("id",)
    if "github username" in table.headers:
        columns["key"], columns["moodle"] = (*columns["key"], "identifier"), ("moodle id",)
    return columns


def _is_filler(row: Row, table: Table, columns: Mapping[str, tuple[str, ...]]) -> bool:
    """Canvas' lines that are no students: points, what is posted by hand, the student that teachers try things with."""
    if columns["canvas"] != ("id",) or "id" not in table.headers:
        return False
    return not row.get("id") or row.get("student") in _TEST_STUDENTS


def _student(row: Row, table: Table, columns: Mapping[str, tuple[str, ...]], key: str, zone: tzinfo | None) -> Student:
    said = {name: row.get(*aliases) for name, aliases in columns.items()}
    for name in _KEYS:
        _refuse_shortened(said[name], row, table)
    if number := re.search(r"\d+$", said["moodle"]):
        said["moodle"] = number[0]
    return Student(
        said[key],
        said["name"] or _joined(said["first"], said["last"]),
        said["email"],
        {name: said[name] for name in _IDS if said[name]},
        said["section"],
        Extension(_deadline(said["deadline"], row, table, zone), _days(said["days"], row, table)),
    )


def _joined(first: str, last: str) -> str:
    return f"{last}{first}" if not (first + last).isascii() and len(first + last) <= 4 else f"{first} {last}".strip()  # noqa: PLR2004  (a name in Chinese)


def _deadline(text: str, row: Row, table: Table, zone: tzinfo | None) -> datetime | None:
    moment = parse_date(text, zone)
    if text and moment is None:
        raise _wrong(
            N_("Line {line} of {path} has a deadline that is no date: {found!r}."),
            N_("Write it as 2026-11-25 23:59."),
            row,
            table,
            text,
        )
    return moment


def _days(text: str, row: Row, table: Table) -> float:
    if not re.fullmatch(r"\d{0,4}([.,]\d*)?", text):
        raise _wrong(
            N_("Line {line} of {path} has extra days that are no number: {found!r}."),
            N_("Write a number of days, such as 2 or 0.5."),
            row,
            table,
            text,
        )
    return float("0" + text.replace(",", ".") + "0" if "." in text or "," in text else text or "0")


def _submitted(text: str, zone: tzinfo | None) -> datetime | None:
    return parse_date(text, zone) or moodle_date(text, zone)


def _refuse_shortened(text: str, row: Row, table: Table) -> None:
    if _SHORTENED.fullmatch(text):
        raise _wrong(
            N_("Line {line} of {path} has {found!r}, a number that the spreadsheet has shortened."),
            N_("Format that column as text, and export the file again from where it came."),
            row,
            table,
            text,
        )


def _wrong(message: str, move: str, row: Row, table: Table, found: str, **values: object) -> UsageError:
    return UsageError(message, move, line=row.line, path=table.path, found=found, **values)
