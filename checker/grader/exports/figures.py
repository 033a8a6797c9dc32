"""What a class came to, counted: how the marks are distributed, and what most failed on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from checker.grader.exports.subject import Subject
from checker.grader.model import Status
from checker.grader.store import Entry
from checker.outcome import Outcome

__all__ = ["BINS", "Column", "Figures", "figures"]

BINS = 10


@dataclass(frozen=True)
class Column:
    """One check: how many students it came to what with. ``most`` is what it is worth."""

    name: str
    counts: Mapping[str, int]
    most: float

    @property
    def students(self) -> int:
        """How many it ran for."""
        return sum(self.counts.values())

    @property
    def unpassed(self) -> int:
        """How many did not pass it, by their own doing or behind it: failed and blocked."""
        return self.counts.get(Outcome.FAILED, 0) + self.counts.get(Outcome.BLOCKED, 0)


@dataclass(frozen=True)
class Figures:
    """``bins`` counts marks by tenths of what there was to be had; the last one has the full marks in it."""

    statuses: Mapping[Status, int]
    columns: Sequence[Column]
    bins: Sequence[int]
    mean: float | None
    median: float | None
    most: float
    late: int


def figures(entries: Sequence[Entry], subject: Subject) -> Figures:
    """Count."""
    marks = [entry.mark for entry in entries]
    points = [mark.points for mark in marks if mark.points is not None]
    shares = Counter(
        min(int(BINS * mark.points / mark.most), BINS - 1) for mark in marks if mark.points is not None and mark.most
    )
    return Figures(
        statuses=Counter(mark.status for mark in marks),
        columns=_columns(entries, subject),
        bins=[shares[at] for at in range(BINS)],
        mean=mean(points) if points else None,
        median=median(points) if points else None,
        most=max((mark.most for mark in marks), default=0.0),
        late=sum(mark.late > 0 for mark in marks),
    )


def _columns(entries: Sequence[Entry], subject: Subject) -> list[Column]:
    """Return the checks in their order; those that nothing is known of by name come last."""
    counts: dict[str, Counter[str]] = {}
    worth: dict[str, float] = {}
    for entry in entries:
        for name, outcome, _, most in entry.mark.checks:
            counts.setdefault(name, Counter())[outcome] += 1
            worth[name] = max(most, worth.get(name, 0.0))
    last = len(subject.order)
    names = sorted(counts, key=lambda name: (subject.order.get(name.partition("[")[0], last), name))
    return [Column(name, counts[name], worth[name]) for name in names]
