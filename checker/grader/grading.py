"""A class, from what was handed in to marks in the store: what is known is not run again, and what runs is kept at once.

A kill at any moment loses what runs at that moment, and nothing else: the same command goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from checker.course import read_tree
from checker.grader.judging.private import checks_in
from checker.grader.judging.work import Limits, Work
from checker.grader.keys import checks_of, environment_of
from checker.grader.marks import basis, mark, why_not
from checker.grader.model import Handin, Judgement, Key, Mark, Status, Student
from checker.grader.policy import Policy
from checker.grader.store import Marking
from checker.report.clean import line

if TYPE_CHECKING:
    from pathlib import Path

    from checker.course import CheckMeta, Course, Lab
    from checker.grader.executors import Executor
    from checker.grader.intake import Survey
    from checker.grader.store import Entry, Run, Store

__all__ = ["Order", "Watch", "grade"]

CHUNK, ROOM = 100, 32 << 20
"""Hand-ins looked at together: so many, and so many bytes of files, at the most."""


@dataclass(frozen=True)
class Order:
    """What a class is to be graded by. ``private``: the folder with the instructor's own checks."""

    course: Course
    lab: Lab
    sandbox: str
    policy: Policy
    limits: Limits
    private: Path | None = None
    lang: str = "en"

    @property
    def hidden(self) -> Mapping[str, CheckMeta]:
        """What the private checks are worth."""
        return checks_in(self.private, self.lab) if self.private else {}


class Watch(Protocol):
    """Hears how a class gets on."""

    def expect(self, students: int) -> None:
        """Hear how many there are."""

    def begun(self, students: Sequence[str]) -> None:
        """Hear whose turn has come."""

    def done(self, student: Student, mark: Mark, *, fresh: bool) -> None:
        """Hear of a mark; ``fresh``: something was run for it."""


def grade(order: Order, survey: Survey, store: Store, executor: Executor, watch: Watch) -> None:
    """Grade a class. Raises as the survey, the store and the course do; whatever a submission does is a mark."""
    with store.run(order.lab.name, _options(order, executor)) as run:
        desk = _Desk(order, store, run, watch, run.enrol(survey.students))
        run.queued(desk.seeds)
        watch.expect(len(survey))
        for judgement in executor.run(desk.works(survey.handins()), desk.begun):
            desk.judged(judgement)


def _options(order: Order, executor: Executor) -> dict[str, Any]:
    limits = asdict(order.limits)
    return {"sandbox": order.sandbox, "executor": executor.words, "policy": order.policy.values(), "limits": limits}


@dataclass
class _Desk:
    """Where hand-ins become works, and judgements become marks."""

    order: Order
    store: Store
    run: Run
    watch: Watch
    seeds: Mapping[str, int]
    waiting: dict[Key, list[Handin]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        order = self.order
        self._hidden = order.hidden
        self._private = read_tree(order.private) if order.private else {}
        self._checks = checks_of(order.course, order.lab, self._private)
        self._environment = environment_of(order.sandbox, f"{order.limits}")
        self._entries = {entry.student.key: entry for entry in self.store.table(order.lab.name)}

    def works(self, handins: Iterable[Handin]) -> Iterator[Work]:
        """Yield what has to be run; what has not is marked on the way."""
        for some in _chunks(handins):
            self.run.handed_in(each for each in some if each.status is not Status.MISSING)
            keys = {each.student.key: self._key(each) for each in some if each.problem is None}
            known = self.store.known(keys.values())
            told = [(each, known.get(keys[each.student.key])) for each in some if not each.problem]
            problems = [(each, None) for each in some if each.problem]
            self._mark([*problems, *((each, judgement) for each, judgement in told if judgement)])
            yield from self._unknown([each for each, judgement in told if not judgement], keys)

    def begun(self, work: Work) -> None:
        """Note whose turn has come."""
        students = [each.student.key for each in self.waiting[work.key]]
        for student in students:
            self.run.running(student)
        self.watch.begun(students)

    def judged(self, judgement: Judgement) -> None:
        """Keep a judgement, and mark all who handed the same in."""
        judgement = _held(judgement, self.order.lab, self._hidden)
        self.run.keep(judgement)
        self._mark([(each, judgement) for each in self.waiting.pop(judgement.key)], fresh=True)

    def _unknown(self, handins: Sequence[Handin], keys: Mapping[str, Key]) -> Iterator[Work]:
        for each in handins:
            key = keys[each.student.key]
            others = self.waiting.setdefault(key, [])
            others.append(_light(each))
            if len(others) == 1:
                order = self.order
                yield Work(
                    key, each.trees, order.sandbox, self._private, order.limits, str(order.course.root), order.lang
                )

    def _key(self, handin: Handin) -> Key:
        seed = self.seeds[handin.student.key]
        return Key(handin.digest, self.order.lab.name, self._checks, seed, self._environment)

    def _mark(self, told: Sequence[tuple[Handin, Judgement | None]], *, fresh: bool = False) -> None:
        markings = [self._marking(handin, judgement) for handin, judgement in told]
        self.run.marked(*markings)
        for marking in markings:
            self.watch.done(marking.student, marking.mark, fresh=fresh)

    def _marking(self, handin: Handin, judgement: Judgement | None) -> Marking:
        order, student = self.order, handin.student
        there = handin if handin.status is not Status.MISSING else None
        stands_on = basis(order.lab, student, order.policy, self._hidden)
        before: Entry | None = self._entries.get(line(student.key))
        if before and before.stands_on(there, judgement.key if judgement else None, stands_on):
            worth = before.mark
        else:
            worth = mark(judgement, order.lab, there, order.policy, self._hidden)
        return Marking(student, worth, stands_on, there, judgement)


def _chunks(handins: Iterable[Handin]) -> Iterator[list[Handin]]:
    some, size = list[Handin](), 0
    for each in handins:
        some.append(each)
        size += sum(len(file.data) for tree in each.trees.values() for file in tree.values())
        if len(some) >= CHUNK or size > ROOM:
            yield some
            some, size = [], 0
    yield some


def _light(handin: Handin) -> Handin:
    """Return a hand-in without its files: what is left to do asks for their hash alone."""
    light = replace(handin, trees={})
    vars(light)["digest"] = handin.digest
    return light


def _held(judgement: Judgement, lab: Lab, hidden: Mapping[str, CheckMeta]) -> Judgement:
    """Hold a judgement to its word: where a check that counts came to nothing by our fault, it is worth another run."""
    why = why_not(judgement, lab, hidden)
    return replace(judgement, status=Status.NOT_GRADABLE, message=why) if why else judgement
