"""Each export, held against its schema or its document: what it says of every kind of student."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from exports_formats import CLASSROOM50, GRADESCOPE, canvas_reads, junit_faults, moodle_reads
from exports_world import (
    BLOCKED,
    BROKEN,
    DUE,
    FAILED,
    HIDDEN,
    LAB,
    PASSED,
    SUBJECT,
    Case,
    a_student,
    an_entry,
    every_kind,
    graded,
    shown,
)

from checker.grader.exports.canvas import canvas_csv
from checker.grader.exports.classroom50 import NO_LOGIN, NO_TIME, classroom50_result, why_none
from checker.grader.exports.gradescope import gradescope_results
from checker.grader.exports.junit import junit_xml
from checker.grader.exports.left import FORMULA, NO_MARK, Left, notes
from checker.grader.exports.moodle import EMAIL, ID, moodle_csv
from checker.grader.exports.results import class_head, class_schema, student_values, whole
from checker.grader.exports.shown import one
from checker.grader.model import Student
from checker.grader.store import Entry

CASES = every_kind()
ENTRIES = [an_entry(case) for case in CASES]
FULL, SOME, BEHIND, LATE, EXTENDED, MALFORMED, MISSING, OURS = CASES
every_case = pytest.mark.parametrize("case", CASES, ids=[case[0].key for case in CASES])


def the_class(cases: list[Case] = CASES) -> Any:
    """Return results.json of a class."""
    students = (json.dumps(student_values(shown(case), SUBJECT)) for case in cases)
    return json.loads("".join(whole(class_head([an_entry(case) for case in cases], SUBJECT), students)))


def suite(case: Case) -> ET.Element:
    """Return a student's JUnit file."""
    return ET.fromstring(junit_xml(shown(case), SUBJECT))  # noqa: S314  (our own output)


def of(student: Student, **beside: Any) -> Entry:
    """The mark of a student with these particulars."""
    return an_entry(graded(replace(student, **beside)))


def test_class_schema_is_strict() -> None:
    """The published contract is valid JSON Schema 2020-12, and strict in every object."""
    jsonschema.Draft202012Validator.check_schema(class_schema())

    assert all(found.get("additionalProperties") is not None for found in objects(class_schema()))


def test_class_keeps_to_its_schema() -> None:
    """Every kind of student can be said in it."""
    jsonschema.validate(the_class(), class_schema(), cls=jsonschema.Draft202012Validator)

    assert the_class()["counts"] == {"graded": 5, "malformed": 1, "not gradable": 1, "missing": 1, "total": 8}


def test_an_empty_class_keeps_to_the_schema() -> None:
    """Nobody has been graded yet."""
    jsonschema.validate(the_class([]), class_schema())

    assert the_class([])["students"] == []


def test_no_mark_is_null() -> None:
    """Who was not graded has no zero anywhere."""
    marks = {student["student"]: student["points"] for student in the_class()["students"]}

    assert marks == {
        "s0000": 33,
        "s0001": 26,
        "s0002": 14,
        "s0003": 20.8,
        "s0004": 18,
        "s0005": 0,
        "s0006": None,
        "s0007": None,
    }


@every_case
@pytest.mark.parametrize("said", [student_values, gradescope_results, classroom50_result, junit_xml])
def test_private_checks_are_title_and_verdict(said: Any, case: Case) -> None:
    """Neither the name of a private check, nor what it saw, is in any file for students or tools."""
    told = json.dumps(said(shown(case), SUBJECT)).replace("private:test_a_secret_order", "its name, for the instructor")

    assert [secret for secret in HIDDEN if secret in told] == []


@every_case
def test_junit_keeps_to_its_schema(case: Case) -> None:
    """Jenkins and those that read what it reads take it."""
    assert junit_faults(suite(case)) == []


def test_junit_counts_are_those_of_its_cases() -> None:
    """Failed is a failure, blocked by the work is skipped, and what is ours is an error."""
    found = suite(graded(a_student(0), PASSED, FAILED, BLOCKED, BROKEN))[0]
    kinds = [case[0].tag if len(case) else "passed" for case in found.iter("testcase")]

    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"passed": 8, "failure": 6, "skipped": 6, "error": 5}
    assert [found.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["25", "6", "6", "5"]


@pytest.mark.parametrize(("case", "kind"), [(MALFORMED, "failure"), (MISSING, "skipped"), (OURS, "error")])
def test_junit_says_what_became_of_it(case: Case, kind: str) -> None:
    """A hand-in without checks is one case; only what is the student's fault is a failure."""
    assert [found[0].tag for found in suite(case).iter("testcase")] == [kind]


@pytest.mark.parametrize("case", [FULL, SOME, BEHIND, LATE, EXTENDED, MALFORMED])
def test_gradescope_keeps_to_its_specification(case: Case) -> None:
    """The top score is the mark, after the penalty."""
    found = gradescope_results(shown(case), SUBJECT)
    jsonschema.validate(found, GRADESCOPE)

    assert found is not None
    assert found["score"] == an_entry(case).mark.points


def test_gradescope_shows_private_checks_once_published() -> None:
    """Their output is empty."""
    found = gradescope_results(shown(BEHIND), SUBJECT)

    assert found is not None
    assert [(t["status"], t["output"]) for t in found["tests"] if t["visibility"] == "after_published"] == [
        ("failed", "")
    ]


@pytest.mark.parametrize("case", [MISSING, OURS])
def test_gradescope_gets_nothing_where_there_is_no_mark(case: Case) -> None:
    """An absent score would be taken for a crash, or for a zero."""
    assert gradescope_results(shown(case), SUBJECT) is None


@pytest.mark.parametrize("case", [FULL, SOME, BEHIND, LATE, EXTENDED, MALFORMED])
def test_classroom50_keeps_to_its_contract(case: Case) -> None:
    """Whole numbers, and the score is the sum of the tests'."""
    found = classroom50_result(shown(case), SUBJECT)
    jsonschema.validate(found, CLASSROOM50)

    assert found is not None
    assert (found["score"], found["max-score"]) == tuple(
        sum(t[n] for t in found["tests"]) for n in ("score", "max-score")
    )


def test_classroom50_sees_itself_who_was_late() -> None:
    """What it gets is what was earned, and when it was handed in."""
    found = classroom50_result(shown(LATE), SUBJECT)

    assert found is not None
    assert (found["score"], found["datetime"]) == (26, "2026-03-04T00:59:00Z")


def test_classroom50_gets_parts_of_points_in_hundredths() -> None:
    """A check worth half a point is worth 50, and all others a hundred times theirs."""
    full = shown(FULL)
    halves = replace(full, checks=tuple(replace(check, earned=0.5, worth=0.5) for check in full.checks))
    found = classroom50_result(halves, SUBJECT)

    assert found is not None
    assert {(test["max-score"], type(test["score"])) for test in found["tests"]} == {(50, int)}


def test_classroom50_says_whom_it_leaves_out() -> None:
    """Without a login, a time or a mark there is nobody to write of."""
    stranger = replace(FULL[0], ids={})
    timeless = graded(a_student(0))
    timeless = (timeless[0], replace(timeless[1], submitted_at=None), timeless[2])  # type: ignore[type-var]

    assert why_none(shown(graded(stranger))) is NO_LOGIN
    assert [why_none(shown(case)) for case in (timeless, MISSING, FULL)] == [NO_TIME, NO_MARK, None]


def test_canvas_reads_each_mark() -> None:
    """By Canvas' ID; no mark is an empty cell, and never a zero."""
    most, grades = canvas_reads(canvas_csv(ENTRIES, SUBJECT)[0])

    assert most == 33
    assert grades == {
        "1000": "33",
        "1001": "26",
        "1002": "14",
        "1003": "20.8",
        "1004": "18",
        "1005": "0",
        "1006": "",
        "1007": "",
    }


def test_canvas_column_is_called_as_asked() -> None:
    """Canvas finds an assignment by its name and number."""
    head = canvas_csv(ENTRIES, replace(SUBJECT, column="Lab 3 (1234)"))[0].splitlines()[0]

    assert head == "Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (1234)"


def test_canvas_says_who_has_no_identity() -> None:
    """Who cannot be found there is named, and the others are in it."""
    text, left = canvas_csv([ENTRIES[0], of(a_student(1), ids={"github": "x"})], SUBJECT)

    assert list(canvas_reads(text)[1]) == ["1000"]
    assert [each.student for each in left] == ["s0001"]


def test_moodle_reads_each_mark() -> None:
    """By the email address; no mark is what Moodle takes for none."""
    grades = moodle_reads(moodle_csv(ENTRIES, SUBJECT)[0], EMAIL)

    assert grades["s0003@example.org"] == "20.8"
    assert (grades["s0006@example.org"], grades["s0007@example.org"], len(grades)) == (None, None, 8)


def test_moodle_feedback_counts_what_counts() -> None:
    """Checks of the labs before are worth nothing; of those that failed the first five are named."""
    said = [row[-1] for row in rows(moodle_csv(ENTRIES, SUBJECT)[0])]

    assert said[1] == "33 of 33 points; 24 of 24 passed"
    assert said[4].startswith("20.8 of 33 points; 19 of 24 passed; 20 % off for being late; failed: ")
    assert (said[3].endswith("… 4 more"), said[7]) == (True, "missing, no mark")


def test_moodle_never_gives_a_mark_to_the_one_before() -> None:
    """A column with a hole is not there, and who has a hole in the other is named."""
    holes = [ENTRIES[0], of(a_student(1), ids={}), of(a_student(2), email="")]
    text, left = moodle_csv(holes, SUBJECT)

    assert moodle_reads(text, EMAIL) == {"s0000@example.org": "33", "s0001@example.org": "33"}
    assert (ID in text, [each.student for each in left]) == (False, ["s0002"])


def test_moodle_goes_by_what_more_students_have() -> None:
    """A class with ID numbers and hardly an email address is told apart by the numbers."""
    text, left = moodle_csv([of(a_student(1), email=""), of(a_student(2), email=""), ENTRIES[0]], SUBJECT)

    assert moodle_reads(text, ID) == {"70001": "33", "70002": "33", "70000": "33"}
    assert left == []


@pytest.mark.parametrize("book", [canvas_csv, moodle_csv])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", " =", "＝"])
def test_name_is_never_a_formula(book: Any, sign: str) -> None:
    """A spreadsheet that opens the file computes nothing."""
    name = f"{sign}HYPERLINK(1)"
    cells = [cell for row in rows(book([of(a_student(0), name=name, section=name)], SUBJECT)[0]) for cell in row]

    assert [cell for cell in cells if cell.strip().startswith(("=", "+", "@", "＝", "-H"))] == []
    assert any("HYPERLINK(1)" in cell for cell in cells)


@pytest.mark.parametrize("book", [canvas_csv, moodle_csv])
def test_identity_that_is_a_formula_is_left_out(book: Any) -> None:
    """An identity is not changed: it would be somebody else's. Its student is named."""
    text, left = book([of(a_student(0), email="=1+1", ids={"sis": "=1+1"}), ENTRIES[1]], SUBJECT)

    assert "=1+1" not in text
    assert left == [Left("s0000", left[0].file, FORMULA)]


def test_notes_are_said_once_for_each_reason() -> None:
    """All whom it concerns are in it; where that is everybody, they are not listed."""
    some = [Left("a", "canvas.csv", FORMULA), Left("b", "canvas.csv", FORMULA), Left("a", "moodle.csv", FORMULA)]

    assert [note.values.get("students") for note in notes(some, 9)] == ["a, b", "a"]
    assert [note.id for note in notes(some, 2)] == ["Nobody is in {file}.", "Not in {file}: {students}."]


def test_times_are_utc_in_every_format() -> None:
    """A hand-in from elsewhere is said on one clock."""
    elsewhere = graded(
        a_student(0),
        graded_at=DUE.astimezone(timezone(timedelta(hours=5))),
        at=DUE.astimezone(timezone(timedelta(hours=5))) - timedelta(days=1),
    )

    assert student_values(shown(elsewhere), SUBJECT)["submitted_at"] == "2026-03-01T22:59:00Z"
    assert suite(elsewhere)[0].get("timestamp") == "2026-03-02T22:59:00"


@pytest.mark.parametrize("there", [True, False])
def test_evidence_of_another_outcome_is_left_out(there: bool) -> None:
    """Two with the same work are judged once: the mark is what counts, and no evidence speaks against it."""
    student, handin, judgement = graded(a_student(0), FAILED)
    other = graded(student, PASSED)[2] if there else replace(judgement, results={}, private={})  # type: ignore[type-var]
    found = one(an_entry((student, handin, judgement)), "slug", other, SUBJECT).checks[0]

    assert (found.result.outcome, found.result.assertion, found.result.claim) == (
        FAILED,
        "",
        LAB.checks[found.name].claim,
    )


def test_lab_is_named_by_its_folder() -> None:
    """Programs go by it."""
    assert {the_class()["lab"], suite(FULL).findall(".//testcase")[0].get("classname")} == {LAB.name}


def rows(text: str) -> list[list[str]]:
    """Read a CSV."""
    return list(csv.reader(io.StringIO(text, newline="")))


def objects(node: object) -> Iterator[dict[str, Any]]:
    """Return every part of a schema that describes an object."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield node
        for part in node.values():
            yield from objects(part)
