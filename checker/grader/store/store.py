"""The store of a class: who handed in what, what it came to, what it is worth, and how that came about.

Anybody may read at any time. Only a run writes, and there is one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from checker.errors import N_, SeamworkError, UsageError
from checker.grader.model import Judgement, Key, Status
from checker.grader.store.address import Address, engine_for
from checker.grader.store.lock import Taken, lock_for
from checker.grader.store.moves import moves
from checker.grader.store.reading import (
    Marked,
    as_entry,
    as_judgement,
    as_run,
    as_step,
    entries,
    judgements,
    last_marks,
)
from checker.grader.store.revisions import bring_up, no_store
from checker.grader.store.run import Run
from checker.grader.store.tables import JudgementRow, MarkRow, ProgressRow, RunRow
from checker.grader.store.values import Entry, Moved, Progress, RunInfo, State

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Engine

__all__ = ["Store"]

LOOKED_AT = 4
"""Pieces of evidence kept in memory: whoever looks at one looks more than once."""


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """A context manager. All methods may be called from any thread; a forked child opens one of its own."""

    def __init__(self, engine: Engine, address: Address, now: Callable[[], datetime]) -> None:
        """Take over what :meth:`open` has opened."""
        self._engine, self._address, self._now = engine, address, now
        self._lock = lock_for(address, engine)
        self._evidence = lru_cache(maxsize=LOOKED_AT)(self._load)

    @classmethod
    def open(cls, place: str | Path, *, new: bool = True, now: Callable[[], datetime] = _now) -> Self:
        """Open the store in a file, or at postgresql://…?schema=…; an older one is migrated.

        ``new``: one that is not there is made; who only reads says False, lest a slip of the pen make an empty one.

        Raises UsageError where it cannot be used, is no store, was written by a newer seamwork, or is older and in use.
        """
        address = Address.of(place)
        if address.file and not new and not address.file.exists():
            raise no_store(address)
        store = cls(engine_for(address), address, now)
        try:
            bring_up(store._engine, address, store._held, new=new)
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database. Idempotent."""
        self._engine.dispose()

    @contextmanager
    def run(self, lab: str, options: Mapping[str, Any] | None = None) -> Iterator[Run]:
        """Write to the store for as long as a ``with`` lasts. Raises UsageError, naming the other, while somebody does."""
        with self._held():
            run = Run(self._engine, lab, options or {}, self._now)
            try:
                yield run
            except BaseException:
                with suppress(SeamworkError, SQLAlchemyError):
                    run.end(State.INTERRUPTED)
                raise
            run.end(State.FINISHED)

    def known(self, keys: Iterable[Key]) -> dict[Key, Judgement]:
        """Return the judgements there are, of those that were graded: what was not gradable is worth another run.

        Their evidence is read when somebody looks at it.
        """
        wanted = set(keys)
        with Session(self._engine) as session:
            graded = (each.where(JudgementRow.status == Status.GRADED) for each in judgements(wanted))
            found = [as_judgement(row, self._evidence) for asked in graded for row in session.scalars(asked)]
        return {judgement.key: judgement for judgement in found if judgement.key in wanted}

    def judgement(self, entry: Entry) -> Judgement | None:
        """Return what a mark came from, evidence and all; None where nothing was run."""
        with Session(self._engine) as session:
            row = session.get(JudgementRow, entry.judgement) if entry.judgement else None
            return as_judgement(row, self._evidence) if row else None

    def table(self, lab: str, after: int | None = None) -> list[Entry]:
        """Return each student's mark in a lab, by student; ``after``: as it was after that run."""
        return self._entries(last_marks(lab, until=after))

    def history(self, student: str, lab: str) -> list[Entry]:
        """Return all marks that a student ever had in a lab, oldest first."""
        return self._entries(entries().where(MarkRow.student == student, MarkRow.lab == lab))

    def runs(self, lab: str | None = None) -> list[RunInfo]:
        """Return the runs, newest first: all of them, or a lab's."""
        asked = select(RunRow).order_by(RunRow.id.desc())
        with Session(self._engine) as session:
            return [as_run(row) for row in session.scalars(asked if lab is None else asked.where(RunRow.lab == lab))]

    def diff(self, lab: str, before: int | None = None, after: int | None = None) -> list[Moved]:
        """Return whose mark moved, by student, from what to what and why: between two runs, or in the last one.

        A run that was interrupted and the one that went on with it count as one.
        """
        if before is None:
            before = self._before(lab, after)
        since = entries().where(MarkRow.lab == lab, MarkRow.run > before)
        return moves(
            self.table(lab, after=before), self._entries(since if after is None else since.where(MarkRow.run <= after))
        )

    def progress(self, run: int | None = None) -> Progress | None:
        """Return how far a run is, the newest if none is named; None where there is none."""
        asked = select(RunRow).order_by(RunRow.id.desc()).limit(1)
        with Session(self._engine) as session:
            row = session.scalar(asked if run is None else asked.where(RunRow.id == run))
            if row is None:
                return None
            steps = select(ProgressRow).where(ProgressRow.run == row.id).order_by(ProgressRow.student)
            return Progress(as_run(row), [as_step(step) for step in session.scalars(steps)])

    def _entries(self, asked: Marked) -> list[Entry]:
        with Session(self._engine) as session:
            return [as_entry(*row) for row in session.execute(asked)]

    def _before(self, lab: str, after: int | None) -> int:
        """Return the run that was finished before the last one, 0 where there is none."""
        ids = [run for run in self.runs(lab) if after is None or run.id <= after]
        return next((run.id for run in ids[1:] if run.state is State.FINISHED), 0)

    def _load(self, judgement: int, which: str) -> Mapping[str, Any]:
        """Read ``results`` or ``private`` of a judgement."""
        with Session(self._engine) as session:
            column = getattr(JudgementRow, which)
            found: Mapping[str, Any] = session.scalars(select(column).where(JudgementRow.id == judgement)).one()
            return found

    @contextmanager
    def _held(self) -> Iterator[None]:
        with ExitStack() as lock:
            try:
                lock.enter_context(self._lock())
            except Taken:
                raise self._taken() from None
            yield

    def _taken(self) -> UsageError:
        wait = N_("Wait until it has ended. To look at the marks, there is no need to.")
        with suppress(SQLAlchemyError), Session(self._engine) as session:
            row = session.scalar(select(RunRow).where(RunRow.state == State.RUNNING).order_by(RunRow.id.desc()))
            if row is not None:
                return UsageError(
                    N_("Process {pid} on {host} grades into {where}, since {since}."),
                    wait,
                    pid=row.pid,
                    host=row.host,
                    where=self._address.words,
                    since=row.started_at.isoformat(timespec="seconds"),
                )
        return UsageError(N_("Somebody else has just begun to grade into {where}."), wait, where=self._address.words)
