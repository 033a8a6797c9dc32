"""What has to be proven of a lab by running it: one row for each version of it, with what its checks must say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from checker.course import Course, Lab, Overlay, Tree
from checker.errors import SeamworkError

__all__ = ["Kind", "Pass", "Row", "rows_of"]

ORIENTATION = "00"
"""The lab in which nothing is built: its starter passes."""
ALONE = 3
"""Checks, drawn by chance, that are run by themselves."""


class Kind(StrEnum):
    """What a row must come to."""

    STARTER = "starter"  # something fails, nothing is broken
    SOLUTION = "solution"  # all pass
    RIGHT = "right"  # all pass
    WRONG = "wrong"  # exactly the named fail
    FORM = "form"  # nothing is run: formatted, and type-checks


@dataclass(frozen=True)
class Pass:
    """One run of checks: ``only`` those (and what they build on), all when empty."""

    only: tuple[str, ...] = ()
    shuffled: bool = False


@dataclass(frozen=True)
class Row:
    """One version of a lab. ``file`` is what to mend when it is not as it must be, from the course's root on."""

    lab: Lab
    name: str
    kind: Kind
    tree: Tree = field(repr=False)
    file: str
    kills: tuple[str, ...] = ()
    passes: tuple[Pass, ...] = (Pass(),)
    cold: bool = False

    @property
    def brief(self) -> tuple[Pass, ...]:
        """What is run of a row that was proven before: of a wrong version only the checks it names."""
        return (Pass(only=self.kills),) if self.kind is Kind.WRONG else self.passes


def rows_of(course: Course, lab: Lab) -> tuple[list[Row], list[SeamworkError]]:
    """Return the lab's rows, and what keeps others from being laid out at all: an overlay that does not fit, a bad NOTE.md."""
    rows: list[Row] = []
    problems: list[SeamworkError] = []
    for part in (_starter, _solutions, _right, _wrong):
        try:
            for row in part(course, lab):
                (problems if isinstance(row, SeamworkError) else rows).append(row)  # type: ignore[arg-type]  # as told apart
        except SeamworkError as error:
            problems.append(error)
    return rows, problems


def _starter(course: Course, lab: Lab) -> Iterator[Row]:
    tree = course.start(lab)
    if lab.number != ORIENTATION:
        yield Row(lab, "starter", Kind.STARTER, tree, f"labs/{lab.name}/starter")


def _solutions(course: Course, lab: Lab) -> Iterator[Row]:
    tree, file = course.end(lab), f"solutions/{lab.name}"
    yield Row(lab, "solution", Kind.SOLUTION, tree, file)
    yield Row(lab, "solution-cold", Kind.SOLUTION, tree, file, cold=True)
    yield Row(lab, "solution-any-order", Kind.SOLUTION, tree, file, passes=_any_order(lab))
    yield Row(lab, "solution-form", Kind.FORM, tree, file)
    for variant in course.variants(lab):
        tree, file = course.end(lab, variant), f"solutions/{lab.name}@{variant}"
        yield Row(lab, f"solution@{variant}", Kind.SOLUTION, tree, file)
        yield Row(lab, f"solution@{variant}-form", Kind.FORM, tree, file)


def _any_order(lab: Lab) -> tuple[Pass, ...]:
    names = list(lab.checks)
    drawn = random.SystemRandom().sample(names, min(ALONE, len(names)))
    return (Pass(shuffled=True), *(Pass(only=(name,)) for name in drawn))


def _right(course: Course, lab: Lab) -> Iterator[Row | SeamworkError]:
    for overlay in course.right(lab):
        yield _laid(course, lab, overlay, Kind.RIGHT)


def _wrong(course: Course, lab: Lab) -> Iterator[Row | SeamworkError]:
    for mistake in course.wrong(lab):
        yield _laid(course, lab, mistake.overlay, Kind.WRONG, mistake.kills)


def _laid(course: Course, lab: Lab, overlay: Overlay, kind: Kind, kills: tuple[str, ...] = ()) -> Row | SeamworkError:
    try:
        return Row(lab, f"{kind}/{overlay.folder.name}", kind, course.laid(lab, overlay), overlay.name, kills)
    except SeamworkError as error:
        return error
