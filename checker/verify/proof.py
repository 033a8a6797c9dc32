"""What proving came to, as plain values. The faces say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checker.course import Change
from checker.errors import Blocked, SeamworkError

__all__ = ["LabProof", "Proof", "RowProof", "State", "without_repeats"]


class State(StrEnum):
    """What came of one row: a version of a lab that has to behave in a certain way."""

    UNCHANGED = "unchanged"  # proven before, by content
    PROVEN = "proven"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class RowProof:
    """One row's outcome. ``tally``: checks by outcome; ``drawn``: proven before, and again by chance."""

    lab: str
    row: str  # "solution", "wrong/wide-endpoint"
    state: State
    seconds: float = 0.0
    tally: Mapping[str, int] = field(default_factory=Counter)
    drawn: bool = False


@dataclass
class LabProof:
    """One lab's rows, how much its learner writes, and what has to be mended in it."""

    lab: str
    change: Change | None = None
    rows: list[RowProof] = field(default_factory=list)
    problems: list[SeamworkError] = field(default_factory=list)


@dataclass
class Proof:
    """The whole: ``problems`` are those of no lab in particular. A :class:`Blocked` among them is undecided, not wrong."""

    labs: list[LabProof] = field(default_factory=list)
    problems: list[SeamworkError] = field(default_factory=list)

    @property
    def all_problems(self) -> list[SeamworkError]:
        """Every problem once, lab by lab."""
        return without_repeats([*self.problems, *(problem for lab in self.labs for problem in lab.problems)])

    @property
    def exit_code(self) -> int:
        """0 all proven, 1 something to mend, 2 something could not be decided."""
        problems = self.all_problems
        if any(not isinstance(problem, Blocked) for problem in problems):
            return 1
        return 2 if problems else 0


def without_repeats(problems: Iterable[SeamworkError]) -> list[SeamworkError]:
    """Keep the first of those that say the same."""
    return list({str(problem): problem for problem in reversed(list(problems))}.values())[::-1]
