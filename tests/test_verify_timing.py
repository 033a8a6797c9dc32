"""Checks in which time is the point run alone, after everything else; what they and the others came to is one proof."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.course import Course
from checker.verify import State, verify
from checker.verify.crew import Crew
from checker.verify.rows import Pass
from checker.verify.timing import alone, beside, timed

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Copy the tiny course; in its first lab, time is the point of the second check."""
    root = tmp_path / "course"
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("__pycache__"))
    file = root / "labs/00-hello/checks/test_hello.py"
    text = file.read_text("utf-8")
    file.write_text(text.replace("@pytest.mark.after", "@pytest.mark.timing\n@pytest.mark.after"), "utf-8")
    return root


def test_row_is_cut_in_two(course: Path) -> None:
    """What wants the machine for itself is run once, however many passes there are."""
    lab = Course(course).lab("00")
    passes = [Pass(shuffled=True), Pass(only=("test_greeter_counts",)), Pass(only=("test_greeter_greets",))]

    assert timed(lab) == {"test_greeter_counts"}
    assert beside(lab, passes) == (Pass(("test_greeter_greets",), shuffled=True), Pass(("test_greeter_greets",)))
    assert alone(lab, passes) == (Pass(("test_greeter_counts",)),)


def test_nothing_is_cut_without_them() -> None:
    """A lab without such a check is run as it is."""
    lab = Course(TINY).lab("00")

    assert (beside(lab, [Pass()]), alone(lab, [Pass()])) == ((Pass(),), ())


def test_both_parts_are_one_proof(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both checks are proven to fail; the timed one ran one row at a time, with what it builds on and no other."""
    crews: list[tuple[int | None, list[dict[str, Any]]]] = []

    def run(self: Crew, jobs: Iterable[Any], *, most: int | None = None) -> Iterator[Any]:
        jobs = list(jobs)
        crews.append((most, [job for _, job in jobs]))
        yield from _run(self, jobs, most=most)

    _run = Crew.run
    monkeypatch.setattr(Crew, "run", run)
    proof = verify(course, stale=lambda *_: iter(()), labs=["00"], draw=False, jobs=2)

    assert {row.state for row in proof.labs[0].rows} == {State.PROVEN}
    assert [most for most, _ in crews] == [None, 1]
    assert {tuple(each["only"]) for job in crews[1][1] for each in job["passes"]} == {("test_greeter_counts",)}
    tallies = {row.row: row.tally for row in proof.labs[0].rows}
    assert tallies["solution"] == {"passed": 3}, "of both parts, and of what the second builds on"
    known = json.loads((course / "labs/00-hello/proven.json").read_text("utf-8"))
    assert known["rows"]["wrong/forgets"]["failed"] == ["test_greeter_counts"]
