"""The hunt for flakes: one solution over and over, each time with another seed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from checker.course import Course
from checker.outcome import Outcome
from checker.verify.crew import Crew
from checker.verify.judging import Answer
from checker.verify.rows import Kind, Row
from checker.verify.timing import timed
from checker.verify.verify import answer_of, cores, job_of

__all__ = ["Flake", "Repeated", "repeat"]


@dataclass(frozen=True)
class Flake:
    """A run that did not pass: which check, with which seed, what it said. No check: the run itself failed."""

    lab: str
    seed: int
    check: str
    words: str
    undecided: bool = False


@dataclass
class Repeated:
    """Runs so far, how many of them were no clean pass, and what was odd."""

    runs: int = 0
    bad: int = 0
    seconds: float = 0.0
    flakes: list[Flake] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 no flake, 1 some, 2 some runs could not be decided."""
        if any(not flake.undecided for flake in self.flakes):
            return 1
        return 2 if self.flakes else 0


def repeat(
    root: Path,
    *,
    labs: tuple[str, ...] = (),
    times: int,
    jobs: int | None = None,
    backing: str = "embedded",
    on_run: Callable[[Repeated], None] = lambda _: None,
) -> Repeated:
    """Run each lab's solution ``times`` on warm grounds. Raises as Course does when a solution cannot be laid out."""
    course = Course(root)
    chosen = [course.lab(name) for name in labs] or list(course.labs)
    rows = [Row(lab, "solution", Kind.SOLUTION, course.end(lab), f"solutions/{lab.name}") for lab in chosen]
    found = Repeated()
    with (
        tempfile.TemporaryDirectory(prefix="seamwork-repeat-") as folder,
        Crew(root, most=jobs or cores(), backing=backing) as crew,
    ):
        for row in rows:
            work = [(row, job_of(row, Path(folder) / row.lab.name, row.passes)) for _ in range(times)]
            for _, said in crew.run(work, most=1 if timed(row.lab) else None):
                _count(found, row, answer_of(said))
                on_run(found)
    return found


def _count(found: Repeated, row: Row, answer: Answer) -> None:
    flakes = [
        Flake(row.lab.name, ran.seed, said.check, said.words, said.outcome is Outcome.BLOCKED)
        for ran in answer.runs
        for said in ran.said
        if said.outcome is not Outcome.PASSED
    ]
    if answer.error:
        flakes.append(Flake(row.lab.name, 0, "", answer.error, answer.undecided))
    found.runs += 1
    found.bad += bool(flakes)
    found.seconds += answer.seconds
    found.flakes += flakes
