"""Why a mark is made anew, and whose mark moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from checker.grader.model import Key, Mark, Status
from checker.grader.store.columns import dumped
from checker.grader.store.values import Entry, Moved, Why

if TYPE_CHECKING:
    from checker.grader.marks import Basis
from checker.grader.store.values import Found

__all__ = ["moves", "reasons"]


def reasons(
    before: Entry | None, mark: Mark, handin: Found | None, key: Key | None, judgement: int | None, basis: Basis
) -> list[Why]:
    """List what is another thing than when the last mark was made. None: it would be the same mark again."""
    if before is None:
        return [Why.FIRST]
    found = [*_of_handin(before.handin, handin), *_of_key(before.key, key), *_of_basis(before.basis, basis)]
    if not found and before.judgement != judgement:
        return [Why.AGAIN]
    return found or ([] if _kept(before.mark) == _kept(mark) else [Why.COUNTING])


def moves(before: Sequence[Entry], since: Sequence[Entry]) -> list[Moved]:
    """List whose mark moved, by student: from what it was ``before``, through all that were made ``since``."""
    was = {entry.student.key: entry for entry in before}
    found = []
    for student, made in groupby(since, lambda entry: entry.student.key):
        entries = list(made)
        old, new = was.get(student), entries[-1]
        if old is None or _shown(old.mark) != _shown(new.mark):
            found.append(Moved(old, new, tuple(dict.fromkeys(why for entry in entries for why in entry.why))))
    return found


def _shown(mark: Mark) -> tuple[Status, float | None, float]:
    return mark.status, mark.points, mark.most


def _kept(mark: Mark) -> str:
    """Return a mark as it is kept: what a message speaks of may be more than JSON can hold."""
    return dumped(asdict(mark))


def _of_handin(before: Found | None, now: Found | None) -> Iterator[Why]:
    if (before and (before.digest, before.problem)) != (now and (now.digest, now.problem)):
        yield Why.HANDIN
    elif before != now:
        yield Why.TIME


def _of_key(before: Key | None, now: Key | None) -> Iterator[Why]:
    if before and now:
        if before.checks != now.checks:
            yield Why.CHECKS
        if before.environment != now.environment:
            yield Why.ENVIRONMENT
        if before.seed != now.seed:
            yield Why.SEED


def _of_basis(before: Basis, now: Basis) -> Iterator[Why]:
    if before.policy != now.policy:
        yield Why.POLICY
    if before.extension != now.extension:
        yield Why.EXTENSION
    if before.points != now.points:
        yield Why.POINTS
