"""What a row's checks said, and what has to be mended: no process is needed to tell."""

from pathlib import Path

import pytest

from checker.course import Course
from checker.errors import Blocked
from checker.outcome import Outcome
from checker.verify.judging import Answer, Ran, Said, judge
from checker.verify.proof import LabProof, Proof
from checker.verify.rows import Kind, Row

LAB = Course(Path(__file__).parent / "tiny").lab("01")


def row(kind: Kind, *kills: str) -> Row:
    """Make a row of the tiny lab 01."""
    return Row(LAB, str(kind), kind, {}, f"labs/01-split/{kind}", kills)


def said(**outcomes: str) -> Answer:
    """Make an answer from what each check came to."""
    return Answer((Ran(7, tuple(Said(check, Outcome(outcome), "words") for check, outcome in outcomes.items())),))


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        (row(Kind.SOLUTION), said(a="passed", b="passed")),
        (row(Kind.STARTER), said(a="passed", b="failed", c="blocked")),
        (row(Kind.WRONG, "b"), said(a="passed", b="failed", c="blocked")),
        (row(Kind.FORM), Answer()),
    ],
)
def test_rows_as_they_must_be(row: Row, answer: Answer) -> None:
    """Nothing is to be mended."""
    assert judge(row, answer) == []


@pytest.mark.parametrize(
    ("row", "answer", "words"),
    [
        (row(Kind.SOLUTION), said(a="failed"), "labs/01-split/solution fails a (solution, seed 7): words"),
        (row(Kind.SOLUTION), said(a="broken"), "a breaks on labs/01-split/solution"),
        (row(Kind.RIGHT), said(a="failed"), "is a right answer, and a fails on it"),
        (row(Kind.STARTER), said(a="passed"), "fails none of its checks"),
        (row(Kind.STARTER), said(a="failed", b="broken"), "b breaks on"),
        (row(Kind.WRONG, "a"), said(a="passed", b="failed"), "does not name b, which fails too"),
        (row(Kind.WRONG, "a"), said(a="passed"), "says that a fails; it passes"),
        (row(Kind.WRONG, "a", "b"), said(a="failed", b="blocked"), "says that b fails; it is blocked"),
        (row(Kind.WRONG, "a"), said(a="broken"), "a breaks on"),
        (row(Kind.RIGHT), Answer(error="no Procfile"), "could not be judged (right): no Procfile"),
    ],
)
def test_what_is_to_mend_is_said(row: Row, answer: Answer, words: str) -> None:
    """One sentence for each, and exit code 1."""
    problems = judge(row, answer)

    assert words in " ".join(map(str, problems))
    assert Proof([LabProof("01-split", problems=problems)]).exit_code == 1


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        (row(Kind.SOLUTION), said(a="passed", b="blocked")),
        (row(Kind.SOLUTION), Answer(error="its worker ended", undecided=True)),
        (row(Kind.WRONG, "a"), Answer((Ran(7, (Said("a", Outcome.FAILED), Said("b", Outcome.BLOCKED, unmet=True))),))),
    ],
)
def test_what_cannot_be_decided_is_no_fault(row: Row, answer: Answer) -> None:
    """A machine that lacks something, or a fault that met nobody, is exit code 2."""
    problems = judge(row, answer)

    assert [type(problem) for problem in problems] == [Blocked]
    assert Proof([LabProof("01-split", problems=problems)]).exit_code == 2
