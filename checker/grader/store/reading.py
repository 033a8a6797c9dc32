"""From rows to values: what is asked of the tables, and what the answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Select, func, select

from checker.grader.marks import Basis
from checker.grader.model import Extension, Judgement, Key, Mark, Status, Student
from checker.grader.store.tables import HandinRow, JudgementRow, MarkRow, ProgressRow, RunRow, StudentRow
from checker.grader.store.values import Entry, Found, RunInfo, State, Step, Why, message_of

__all__ = [
    "Marked",
    "as_entry",
    "as_found",
    "as_judgement",
    "as_key",
    "as_run",
    "as_step",
    "batched",
    "entries",
    "judgements",
    "last_handins",
    "last_marks",
]

T = TypeVar("T")
Marked = Select[tuple[MarkRow, StudentRow, HandinRow, JudgementRow]]
Load = Callable[[int, str], Mapping[str, Any]]
"""Gets a judgement's ``results`` or ``private``."""
BATCH = 500
"""Values in one question: SQLite takes no more than some thousands."""


class Document(Mapping[str, Any]):
    """Evidence that is read when somebody looks at it, and not kept: a class has more of it than fits."""

    def __init__(self, load: Callable[[], Mapping[str, Any]]) -> None:
        self._load = load

    def __getitem__(self, name: str) -> Any:
        return self._load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())


def entries() -> Marked:
    """Ask for marks with what they stand on, by student and age; evidence is left where it is."""
    return (
        select(MarkRow, StudentRow, HandinRow, JudgementRow)
        .join(StudentRow, StudentRow.key == MarkRow.student)
        .outerjoin(HandinRow, HandinRow.id == MarkRow.handin)
        .outerjoin(JudgementRow, JudgementRow.id == MarkRow.judgement)
        .order_by(MarkRow.student, MarkRow.id)
    )


def last_marks(lab: str, students: Sequence[str] | None = None, until: int | None = None) -> Marked:
    """Ask for each student's last mark in a lab, as it was after the run ``until``."""
    last = select(func.max(MarkRow.id)).where(MarkRow.lab == lab).group_by(MarkRow.student)
    if students is not None:
        last = last.where(MarkRow.student.in_(students))
    return entries().where(MarkRow.id.in_(last if until is None else last.where(MarkRow.run <= until)))


def last_handins(lab: str, students: Sequence[str]) -> Select[tuple[HandinRow]]:
    """Ask for what was found last of each of these students."""
    last = select(func.max(HandinRow.id)).where(HandinRow.lab == lab).group_by(HandinRow.student)
    return select(HandinRow).where(HandinRow.id.in_(last.where(HandinRow.student.in_(students))))


def judgements(keys: Iterable[Key]) -> Iterator[Select[tuple[JudgementRow]]]:
    """Ask for all judgements of these keys, and of some with another seed, oldest first; evidence is left where it is."""
    alike: dict[tuple[str, str, str], set[tuple[str, int]]] = {}
    for key in keys:
        alike.setdefault((key.lab, key.checks, key.environment), set()).add((key.handin, key.seed))
    for (lab, checks, environment), pairs in alike.items():
        same = select(JudgementRow).where(
            JudgementRow.lab == lab, JudgementRow.checks == checks, JudgementRow.environment == environment
        )
        for some in batched(sorted(pairs)):
            handins, seeds = {handin for handin, _ in some}, {seed for _, seed in some}
            yield same.where(JudgementRow.handin.in_(handins), JudgementRow.seed.in_(seeds)).order_by(JudgementRow.id)


def batched(keys: Iterable[T]) -> Iterator[list[T]]:
    """Cut into lists that a database takes in one question."""
    rest = iter(keys)
    while some := list(islice(rest, BATCH)):
        yield some


def as_entry(mark: MarkRow, student: StudentRow, handin: HandinRow | None, judgement: JudgementRow | None) -> Entry:
    """Return a mark with what it stands on."""
    return Entry(
        student=_as_student(student, mark.extension),
        lab=mark.lab,
        mark=_as_mark(mark),
        basis=Basis(mark.policy, mark.extension, mark.worth),
        handin=as_found(handin) if handin else None,
        key=as_key(judgement) if judgement else None,
        judgement=mark.judgement,
        graded_at=judgement.graded_at if judgement else None,
        marked_at=mark.marked_at,
        run=mark.run,
        why=tuple(map(Why, mark.why)),
    )


def as_found(row: HandinRow) -> Found:
    """Return what was found of a student."""
    return Found(row.digest, row.submitted_at, message_of(row.problem), row.source)


def as_judgement(row: JudgementRow, load: Load) -> Judgement:
    """Return a judgement whose evidence is read when somebody looks at it."""
    return Judgement(
        key=as_key(row),
        status=Status(row.status),
        results=Document(partial(load, row.id, "results")),
        private=Document(partial(load, row.id, "private")),
        sandbox=row.sandbox,
        message=message_of(row.message),
        attempts=row.attempts,
        seconds=row.seconds,
        graded_at=row.graded_at,
    )


def as_run(row: RunRow) -> RunInfo:
    """Return what is known of a run."""
    state = State(row.state)
    return RunInfo(row.id, row.lab, row.options, row.host, row.pid, state, row.started_at, row.ended_at)


def as_step(row: ProgressRow) -> Step:
    """Return how far a run is with a student."""
    status = Status(row.status) if row.status else None
    return Step(row.student, State(row.state), row.queued_at, row.started_at, row.done_at, status)


def _as_student(row: StudentRow, extension: str) -> Student:
    granted = json.loads(extension)
    until = granted["deadline"] and datetime.fromisoformat(granted["deadline"])
    return Student(row.key, row.name, row.email, row.ids, row.section, Extension(until, granted["days"]))


def _as_mark(row: MarkRow) -> Mark:
    return Mark(
        status=Status(row.status),
        earned=row.earned,
        most=row.most,
        points=row.points,
        penalty=row.penalty,
        late=row.late,
        checks=[(name, outcome, earned, worth) for name, outcome, earned, worth in row.checks],
        message=message_of(row.message),
    )


def as_key(row: JudgementRow) -> Key:
    return Key(row.handin, row.lab, row.checks, row.seed, row.environment)
