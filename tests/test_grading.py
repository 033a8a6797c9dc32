"""What is run of a class, and what is not: with an executor that pretends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from grading_world import COURSE, LAB, Looking, Pretending, hand_in, order

from checker.grader.grading import Order, grade
from checker.grader.intake import survey
from checker.grader.judging.work import Work
from checker.grader.model import Status
from checker.grader.store import Entry, Store


def _grade(place: Path, executor: Pretending, how: Order | None = None, roster: Path | None = None) -> dict[str, Entry]:
    """Grade what lies in ``place``; the marks by student."""
    how = how or order()
    with Store.open(place / "grades.db") as store:
        grade(how, survey(place / "in", roster=roster), store, executor, Looking())
        return {entry.student.key: entry for entry in store.table(how.lab.name)}


def _class(place: Path, *students: str) -> Path:
    (place / "in").mkdir(exist_ok=True)
    for student in students:
        hand_in(place / "in", student)
    return place


def test_each_student_has_a_mark(tmp_path: Path) -> None:
    """What could be run was, what could not says why, and who is missing is on the list."""
    place = _class(tmp_path, "ada", "bob")
    (place / "in" / "cy").mkdir()
    (place / "roster.csv").write_text("key\nada\nbob\ncy\ndee\n", "utf-8")

    marks = _grade(place, Pretending(), roster=place / "roster.csv")

    assert {name: entry.mark.status for name, entry in marks.items()} == {
        "ada": Status.GRADED,
        "bob": Status.GRADED,
        "cy": Status.MALFORMED,
        "dee": Status.MISSING,
    }
    assert [entry.mark.points for entry in marks.values()] == [4.0, 4.0, 0.0, None]


def test_nothing_that_is_known_is_run_again(tmp_path: Path) -> None:
    """Of a class of which one hands in again, one is run."""
    place, again = _class(tmp_path, "ada", "bob", "cy"), Pretending()
    _grade(place, Pretending())
    hand_in(place / "in", "bob", wrong="both-answer")

    _grade(place, again)

    assert len(again.asked) == 1


def test_each_has_random_data_of_their_own(tmp_path: Path) -> None:
    """The same work of two students is run with two seeds, and with the same ones next time."""
    place, first = _class(tmp_path, "ada", "bob"), Pretending(lambda _: "broken")
    _grade(place, first)
    second = Pretending()
    _grade(place, second)

    seeds = [[work.key.seed for work in executor.asked] for executor in (first, second)]

    assert len(set(seeds[0])) == 2
    assert seeds[0] == seeds[1]


def test_our_fault_is_no_zero_and_is_run_again(tmp_path: Path) -> None:
    """A check that was broken leaves no mark; the next run has another go."""
    place, second = _class(tmp_path, "ada"), Pretending()
    first = _grade(place, Pretending(lambda _: "broken"))["ada"].mark
    then = _grade(place, second)["ada"].mark

    assert (first.status, first.points) == (Status.NOT_GRADABLE, None)
    assert (then.status, len(second.asked)) == (Status.GRADED, 1)


def test_work_does_not_say_whose_it_is(tmp_path: Path) -> None:
    """What is judged knows no name: not even by where it lay."""
    executor = Pretending()
    _grade(_class(tmp_path, "ada"), executor)

    assert "ada" not in repr([vars(work) for work in executor.asked])


def test_other_labs_are_not_touched(tmp_path: Path) -> None:
    """Each lab has marks and judgements of its own."""
    place, other = _class(tmp_path, "ada"), Pretending()
    _grade(place, Pretending())
    _grade(place, other, order(lab=COURSE.lab("02")))
    third = Pretending()
    _grade(place, third)

    assert (len(other.asked), len(third.asked)) == (1, 0)


@pytest.mark.timeout(120)
def test_thousand_that_did_not_change_take_no_time(tmp_path: Path) -> None:
    """A second run over a class of a thousand, nobody of whom has handed in again, is a matter of seconds."""
    place, again = _class(tmp_path, *(f"s{number:04}" for number in range(1000))), Pretending()
    _grade(place, Pretending())
    began = time.process_time()

    _grade(place, again)

    assert not again.asked
    assert time.process_time() - began < 5


def _failing(work: Work) -> str:
    return "failed" if work.trees["tree"] else "passed"


def test_points_are_the_lab_s(tmp_path: Path) -> None:
    """A work that fails everything is worth nothing, and that is a mark."""
    mark = _grade(_class(tmp_path, "ada"), Pretending(_failing))["ada"].mark

    assert (mark.status, mark.points, mark.most) == (Status.GRADED, 0.0, LAB.points)
