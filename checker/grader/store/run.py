"""One ``seamwork grade`` command on a store: the only one that writes while it lasts.

Each call is one transaction: a kill leaves all of it or nothing, and the same call again changes nothing more.
"""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from checker.errors import N_, EngineFault
from checker.grader.marks import Basis
from checker.grader.model import Handin, Judgement, Key, Mark, Status, Student
from checker.grader.store.moves import reasons
from checker.grader.store.reading import as_entry, as_found, as_key, batched, judgements, last_handins, last_marks
from checker.grader.store.tables import HandinRow, JudgementRow, MarkRow, ProgressRow, RunRow, SeedRow, StudentRow
from checker.grader.store.values import Found, State, Why, message_values
from checker.report.clean import line

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["Marking", "Run"]

SEEDS = 2**31


@dataclass(frozen=True)
class Marking:
    """A mark to be kept, and what it stands on."""

    student: Student
    mark: Mark
    basis: Basis
    handin: Handin | None = None
    judgement: Judgement | None = None


class Run:
    """What one command writes. All methods may be called from any thread. ``id`` grows from run to run."""

    def __init__(self, engine: Engine, lab: str, options: Mapping[str, Any], now: Callable[[], datetime]) -> None:
        """Begin it; runs that were killed are noted as such."""
        self.lab = lab
        self._engine, self._now = engine.execution_options(writes=True), now
        self._one = threading.Lock()
        here = {"host": socket.gethostname(), "pid": os.getpid(), "started_at": now()}
        row = RunRow(lab=lab, options=dict(options), state=State.RUNNING, **here)
        with Session(self._engine) as session, session.begin():
            left = update(RunRow).where(RunRow.state == State.RUNNING)
            session.execute(left.values(state=State.INTERRUPTED, ended_at=now()))
            session.add(row)
            session.flush()
            self.id = row.id

    def end(self, state: State) -> None:
        """End it."""
        with self._writing() as session:
            session.execute(update(RunRow).where(RunRow.id == self.id).values(state=state, ended_at=self._now()))

    def enrol(self, students: Iterable[Student]) -> Mapping[str, int]:
        """Know these students from now on; return by key what each one's random data come from, in every run."""
        by_key = {line(student.key): student for student in students}
        with self._writing() as session:
            for some in batched(by_key):
                known = {row.key: row for row in session.scalars(select(StudentRow).where(StudentRow.key.in_(some)))}
                session.add_all(_student_row(known.get(key), key, by_key[key]) for key in some)
                session.flush()
            return {by_key[key].key: seed for some in batched(by_key) for key, seed in self._seeds(session, some)}

    def handed_in(self, handins: Iterable[Handin]) -> None:
        """Note what was found of each student; nothing where it is what was found before."""
        found = {line(handin.student.key): Found.of(handin) for handin in handins}
        with self._writing() as session:
            for some in batched(found):
                known = {row.student: as_found(row) for row in session.scalars(last_handins(self.lab, some))}
                session.add_all(self._handin_row(key, found[key]) for key in some if known.get(key) != found[key])

    def keep(self, *told: Judgement) -> None:
        """Keep what the checks came to. Of those for one key, the first that was graded stays."""
        with self._writing() as session:
            graded = set(_numbers(session, {each.key for each in told}, Status.GRADED))
            for each in told:
                if each.key not in graded:
                    session.add(self._judgement_row(each))
                    graded |= {each.key} if each.status is Status.GRADED else set()

    def marked(self, *markings: Marking) -> int:
        """Keep marks, and note that their students are done; return how many are other ones than before.

        What they stand on has been told before: enrol, handed_in, keep.
        """
        by_key = {line(marking.student.key): marking for marking in markings}
        with self._writing() as session:
            rows = [row for some in batched(by_key) for row in self._mark_rows(session, some, by_key)]
            session.add_all(rows)
            done = [{"one": key, "came_to": marking.mark.status} for key, marking in by_key.items()]
            self._step(session, done, state=State.DONE, status=bindparam("came_to"), done_at=self._now())
        return len(rows)

    def queued(self, students: Iterable[str]) -> None:
        """Note, by their keys, for whom this run has something to do. They have been enrolled."""
        rows = {line(key): ProgressRow(run=self.id, student=key, state=State.QUEUED) for key in students}
        with self._writing() as session:
            for row in rows.values():
                row.queued_at = self._now()
            session.add_all(rows.values())

    def running(self, student: str) -> None:
        """Note that a student's turn has come."""
        with self._writing() as session:
            self._step(session, [{"one": line(student)}], state=State.RUNNING, started_at=self._now())

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """Open a transaction. Raises EngineFault when another grader holds the store by now."""
        with self._one, Session(self._engine) as session, session.begin():
            mine = select(RunRow.state).where(RunRow.id == self.id).with_for_update(read=True)
            if session.scalar(mine) != State.RUNNING:
                raise EngineFault(
                    N_("This run lost its hold on the store, and another one has begun."),
                    N_("Was the connection to the database gone? Wait for the other run, then start this one again."),
                )
            yield session

    def _seeds(self, session: Session, students: Sequence[str]) -> Iterator[tuple[str, int]]:
        asked = select(SeedRow).where(SeedRow.lab == self.lab, SeedRow.student.in_(students))
        known = {row.student: row.seed for row in session.scalars(asked)}
        for student in students:
            if student not in known:
                known[student] = random.SystemRandom().randrange(1, SEEDS)
                session.add(SeedRow(student=student, lab=self.lab, seed=known[student]))
        yield from known.items()

    def _handin_row(self, student: str, found: Found) -> HandinRow:
        return HandinRow(
            run=self.id,
            student=student,
            lab=self.lab,
            digest=found.digest,
            source=found.source,
            submitted_at=found.submitted_at,
            problem=message_values(found.problem),
        )

    def _judgement_row(self, judgement: Judgement) -> JudgementRow:
        return JudgementRow(
            run=self.id,
            **asdict(judgement.key),
            status=judgement.status,
            sandbox=judgement.sandbox,
            message=message_values(judgement.message),
            attempts=judgement.attempts,
            seconds=judgement.seconds,
            graded_at=judgement.graded_at,
            results=dict(judgement.results),
            private=dict(judgement.private),
        )

    def _mark_rows(
        self, session: Session, students: Sequence[str], markings: Mapping[str, Marking]
    ) -> Iterator[MarkRow]:
        """Make a row of each mark that is not the same as before."""
        keys = {told.judgement.key for told in map(markings.__getitem__, students) if told.judgement}
        numbers = _numbers(session, keys, Status.GRADED, Status.NOT_GRADABLE)
        before = {row.MarkRow.student: as_entry(*row) for row in session.execute(last_marks(self.lab, students))}
        handins = {row.student: row.id for row in session.scalars(last_handins(self.lab, students))}
        for student in students:
            told = markings[student]
            found = Found.of(told.handin) if told.handin else None
            key = told.judgement.key if told.judgement else None
            number = numbers[key] if key else None
            if why := reasons(before.get(student), told.mark, found, key, number, told.basis):
                row = self._mark_row(student, told.mark, told.basis, why)
                row.handin, row.judgement = handins[student] if found else None, number
                yield row

    def _mark_row(self, student: str, mark: Mark, basis: Basis, why: Sequence[Why]) -> MarkRow:
        return MarkRow(
            run=self.id,
            student=student,
            lab=self.lab,
            status=mark.status,
            earned=mark.earned,
            most=mark.most,
            points=mark.points,
            penalty=mark.penalty,
            late=mark.late,
            checks=mark.checks,
            message=message_values(mark.message),
            policy=basis.policy,
            extension=basis.extension,
            worth=basis.points,
            why=why,
            marked_at=self._now(),
        )

    def _step(self, session: Session, students: Sequence[Mapping[str, Any]], **values: Any) -> None:
        if students:
            step = update(ProgressRow).where(ProgressRow.run == self.id, ProgressRow.student == bindparam("one"))
            session.connection().execute(step.values(values), students)


def _student_row(row: StudentRow | None, key: str, student: Student) -> StudentRow:
    row = row or StudentRow(key=key)
    row.name, row.email, row.ids, row.section = student.name, student.email, dict(student.ids), student.section
    return row


def _numbers(session: Session, keys: Iterable[Key], *status: Status) -> dict[Key, int]:
    """Return the number of each key's judgement: of the graded one, else of the newest that was not gradable."""
    found: dict[Key, tuple[bool, int]] = {}
    for asked in judgements(keys):
        for row in session.scalars(asked.where(JudgementRow.status.in_(status))):
            found[as_key(row)] = max(found.get(as_key(row), (False, 0)), (row.status == Status.GRADED, row.id))
    return {key: number for key, (_, number) in found.items()}
