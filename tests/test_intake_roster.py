"""The roster says who is in the class; what it says wrong is named with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from checker.errors import UsageError
from checker.grader.intake.roster import Roster, read_roster


def roster(folder: Path, text: str | bytes) -> Roster:
    """Write a roster and read it, with dates in UTC."""
    path = folder / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_roster(path, UTC)


def test_own_columns_are_read(tmp_path: Path) -> None:
    """Key, name, email, section, numbers elsewhere, another deadline, free days."""
    found = roster(
        tmp_path,
        "key,name,email,section,canvas,moodle,sis,login,deadline,extra days\n"
        "ada,Ada Lovelace,ada@x.org,A,42,Participant 501,S1,al1,2026-11-25 23:59,0.5\n",
    )

    (ada,) = found.students
    assert (ada.key, ada.name, ada.email, ada.section) == ("ada", "Ada Lovelace", "ada@x.org", "A")
    assert ada.ids == {"canvas": "42", "moodle": "501", "sis": "S1", "login": "al1"}
    assert (ada.extension.deadline, ada.extension.days) == (datetime(2026, 11, 25, 23, 59, tzinfo=UTC), 0.5)


@pytest.mark.parametrize(
    "raw",
    [
        "\ufeff学号;姓名\r\n001;王小明\r\n".encode(),  # Excel, UTF-8
        "学号\t姓名\n001\t王小明\n".encode("utf-16"),  # Excel, "Unicode text"
        "学号,姓名\r\n001,王小明\r\n".encode("gb18030"),  # Excel in Chinese
        'sep=;\n学号;姓名\n="001";王小明\n;\n'.encode(),  # Excel's separator line, a number kept as text, an empty line
    ],
)
def test_spreadsheets_in_their_ways(raw: bytes, tmp_path: Path) -> None:
    """Byte order marks, semicolons, tabs, GB18030, numbers kept as text."""
    (student,) = roster(tmp_path, raw).students

    assert (student.key, student.name) == ("001", "王小明")


def test_guess_of_an_encoding_is_told(tmp_path: Path) -> None:
    """Where GB18030 was read, the instructor hears of it."""
    (note,) = roster(tmp_path, "学号,姓名\n001,王小明\n".encode("gb18030")).notes

    assert "GB18030" in note.id


def test_western_bytes_are_not_taken_for_chinese(tmp_path: Path) -> None:
    """Latin-1 would decode as GB18030, into names that nobody has."""
    with pytest.raises(UsageError, match="is not UTF-8"):
        roster(tmp_path, "key,name\nm,Jürgen Müller\n".encode("latin-1"))


def test_canvas_gradebook_is_read(tmp_path: Path) -> None:
    """ID is Canvas' own; lines of points and the test student are no students."""
    found = roster(
        tmp_path,
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 1 (33),Current Score\n"
        ",,,,,Manual Posting,\n"
        "    Points Possible,,,,,10,(read only)\n"
        '"Lovelace, Ada",4242,S1,ada,"A and B",9,90\n'
        '"Student, Test",77,,d41d8cd9,A,,\n',
    )

    (ada,) = found.students
    assert (ada.key, ada.name, ada.section) == ("S1", "Lovelace, Ada", "A and B")
    assert ada.ids == {"canvas": "4242", "sis": "S1", "login": "ada"}


def test_canvas_gradebook_in_two_names(tmp_path: Path) -> None:
    """Canvas can export first and last names in columns of their own, and leave the SIS number out."""
    (ada,) = roster(
        tmp_path, "LastName,FirstName,ID,SIS Login ID,Section\n    Points Possible,,,,\nLovelace,Ada,4242,ada,A\n"
    ).students

    assert (ada.key, ada.name) == ("ada", "Ada Lovelace")


def test_moodle_worksheet_is_read(tmp_path: Path) -> None:
    """The participant's number is in the folders' names; when it was handed in stands there, too."""
    found = roster(
        tmp_path,
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Last modified (submission)\n"
        'Participant 501,Ada Lovelace,,ada@x.org,Submitted for grading,,10,"Wednesday, 23 September 2026, 9:05 PM"\n'
        "Participant 502,Bob Bo,,bob@x.org,No submission,,10,-\n",
    )

    assert [(student.key, student.ids["moodle"]) for student in found.students] == [
        ("ada@x.org", "501"),
        ("bob@x.org", "502"),
    ]
    assert found.submitted == {"ada@x.org": datetime(2026, 9, 23, 21, 5, tzinfo=UTC)}


def test_moodle_participants_are_read(tmp_path: Path) -> None:
    """Moodle's list of participants and its grades name people in two columns."""
    (wang,) = roster(tmp_path, '"First name",Surname,"ID number","Email address"\n小明,王,20260001,w@x.org\n').students

    assert (wang.key, wang.name) == ("20260001", "王小明")


def test_github_classroom_is_read(tmp_path: Path) -> None:
    """GitHub Classroom's identifier is the instructor's own."""
    (ada,) = roster(tmp_path, '"identifier","github_username","github_id","name"\n"ada@x.org","adal","1",""\n').students

    assert (ada.key, ada.ids) == ("ada@x.org", {"github": "adal"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("key,name\nada,A\nbob,B\nADA,A\n", "Line 4 of .* has 'ADA' again; line 2 had it first"),
        ('key,name\nada,"A\nB"\nada,C\n', "Line 4 of .* line 3 had it first"),
        ("key,name\nada,A\n,B\n", "Line 3 of .* says nothing in the column"),
        ("colour,age\nred,3\n", "no column that tells all students apart. Its columns: colour, age"),
        ("key\n", "no line below its header"),
        ("", "no line below its header"),
        ("key,deadline\nada,25/11/2026\n", "Line 2 of .* a deadline that is no date: '25/11/2026'"),
        ("key,deadline\nada,2026-02-30\n", "Line 2 of .* a deadline that is no date"),
        ("key,extra days\nada,-1\n", "Line 2 of .* extra days that are no number: '-1'"),
        ("key,extra days\nada,nan\n", "Line 2 of .* extra days that are no number: 'nan'"),
        ("key,name\n2.02E+11,A\n", "'2.02E\\+11', a number that the spreadsheet has shortened"),
        ("key\n" + "x" * 200_000 + "\n", "is no CSV file"),
    ],
)
def test_wrong_roster_is_said_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    """Whatever is wrong is named with line and value."""
    with pytest.raises(UsageError, match=words):
        roster(tmp_path, text)


def test_absent_roster_is_said(tmp_path: Path) -> None:
    """A name that was mistyped is no traceback."""
    with pytest.raises(UsageError, match="No such file"):
        read_roster(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-25", datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)),
        ("2026/11/5 8:30", datetime(2026, 11, 5, 8, 30, tzinfo=UTC)),
        ("2026年11月25日 23:59", datetime(2026, 11, 25, 23, 59, tzinfo=UTC)),
        ("2026-11-25T23:59:00Z", datetime(2026, 11, 25, 23, 59, tzinfo=UTC)),
        ("2026-11-25 23:59 +08:00", datetime(2026, 11, 25, 15, 59, tzinfo=UTC)),
    ],
)
def test_dates_are_understood(text: str, moment: datetime, tmp_path: Path) -> None:
    """The year comes first; a day alone ends at its end."""
    (ada,) = roster(tmp_path, f"key,deadline\nada,{text}\n").students

    assert ada.extension.deadline == moment
