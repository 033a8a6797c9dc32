"""A class on the tiny course: folders of work, an executor that only pretends, and the command as it is typed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from class_world import MONDAY
from whole import TINY

from checker.course import Course, write_tree
from checker.grader.executors import Begun
from checker.grader.grading import Order
from checker.grader.judging.work import Limits, Work
from checker.grader.model import Judgement, Status
from checker.grader.policy import Policy

COURSE = Course(TINY)
LAB = COURSE.lab("01")
RIGHT = COURSE.end(LAB)
WRONG = {mistake.name: COURSE.laid(LAB, mistake) for mistake in COURSE.wrong(LAB)}
COUNTER = "counter/app.py"


def hand_in(folder: Path, student: str, *, wrong: str = "", first: str = "", **files: str) -> None:
    """Lay out what a student hands in: our solution, or a wrong version; ``first`` is what their counter does first."""
    tree = folder / student
    shutil.rmtree(tree, ignore_errors=True)
    write_tree(WRONG[wrong] if wrong else RIGHT, tree)
    for path, text in files.items():
        (tree / path).write_text(text, "utf-8")
    if first:
        code = (tree / COUNTER).read_text("utf-8")
        (tree / COUNTER).write_text(f"{first}\n{code}", "utf-8")


def order(**beside: Any) -> Order:
    """By what the class is graded."""
    wanted = {"course": COURSE, "lab": LAB, "sandbox": "forked", "policy": Policy(), "limits": Limits()} | beside
    return Order(**wanted)


class Pretending:
    """An executor that starts nothing: who judges, says ``outcome`` of a work; it notes what it was asked."""

    words = "pretending"

    def __init__(self, outcome: Callable[[Work], str] = lambda _: "passed") -> None:
        self.asked: list[Work] = []
        self._outcome = outcome

    def run(self, works: Iterable[Work], begun: Begun) -> Iterator[Judgement]:
        """Judge one after the other."""
        for work in works:
            self.asked.append(work)
            begun(work)
            checks = [
                {"name": name, "lab": work.key.lab, "outcome": self._outcome(work), "blocked_by": None}
                for name in COURSE.lab(work.key.lab).checks
            ]
            yield Judgement(work.key, Status.GRADED, {"checks": checks}, sandbox="forked", graded_at=MONDAY)

    def cancel(self) -> None:
        """Stop nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


class Looking:
    """Watches, and notes whose mark was made anew."""

    def __init__(self) -> None:
        self.fresh: list[str] = []

    def expect(self, students: int) -> None:
        """Hear how many there are."""

    def begun(self, students: Iterable[str]) -> None:
        """Hear whose turn has come."""

    def done(self, student: Any, mark: Any, *, fresh: bool) -> None:  # noqa: ARG002
        """Hear of a mark."""
        if fresh:
            self.fresh.append(student.key)


def command(*words: str | Path, course: Path = TINY) -> list[str]:
    """Return `seamwork grade …` on a course."""
    program = str(Path(sys.executable).with_name("seamwork"))
    return [program, "grade", *map(str, words), "--course", str(course)]


def graded(*words: str | Path, course: Path = TINY, code: int = 0, **env: str) -> dict[str, Any]:
    """Grade, and return what --json says."""
    ran = subprocess.run(
        [*command(*words, course=course), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env={**os.environ, **env},
    )
    assert ran.returncode == code, ran.stderr[-2000:] + ran.stdout[-2000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def points(found: Mapping[str, Any]) -> dict[str, float | None]:
    """Return each student's points."""
    return {each["student"]: each["points"] for each in found["students"]}
