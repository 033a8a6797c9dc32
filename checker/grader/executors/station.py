"""What the grader does on a Dask worker. The worker's own process enters no sandbox: that is for nurseries, which it starts.

Runs on the worker's machine, and takes nothing on trust: it judges only by the checks, the engine and the environment that
the class is graded by.
"""

from __future__ import annotations

import asyncio
import pickle
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any

from distributed import WorkerPlugin, get_worker

from checker.course import Course, root
from checker.errors import N_, Blocked
from checker.grader.judging.attempts import judged, stopped, stumbled
from checker.grader.judging.nursery import Nursery
from checker.grader.judging.work import UNSAFE
from checker.grader.keys import checks_of, environment_of
from checker.grader.sandbox import capabilities

if TYPE_CHECKING:
    from distributed import Worker

    from checker.grader.judging.work import Work
    from checker.grader.model import Judgement
    from checker.grader.sandbox.capabilities import Capabilities

__all__ = ["Station", "judge", "look"]

IDLE = 60.0
"""Seconds after which a nursery that nobody has work for is ended: whoever gave it work may have been killed."""

_MADE = {UNSAFE}
"""The kinds of sandboxes that this worker has been seen to make."""


def judge(station: str, key: str, work: bytes) -> Judgement:
    """Judge a work, which is pickled and packed: this is the task. Raises Blocked where this worker is not fit to judge it."""
    found: Station = get_worker().plugins[station]  # type: ignore[assignment]
    return found.judge(key, pickle.loads(zlib.decompress(work)))  # noqa: S301  (who can send tasks can run code here anyway)


async def look(kinds: Sequence[str]) -> Capabilities:
    """See what sandboxes there are here, while the worker goes on."""
    found = await asyncio.to_thread(capabilities.look, kinds)
    _MADE.update(kind for kind, why in found.kinds.items() if not why)
    return found


@dataclass
class _Seat:
    """A nursery, and what stops it."""

    stop: threading.Event = field(default_factory=threading.Event)
    leave: threading.Timer | None = None

    def __post_init__(self) -> None:
        self.nursery = Nursery(self.stop)


class Station(WorkerPlugin):
    """Of one run on one worker: its nurseries, one for each thread, and which of them judges what.

    ``name`` is the run's, and that of all its tasks begins with it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def setup(self, worker: Worker) -> None:
        """Begin, on a worker."""
        self._worker = str(worker.address)
        self._looks, self._change = threading.Lock(), threading.Condition()
        self._idle: list[_Seat] = []
        self._busy: dict[str, _Seat] = {}
        self._unwanted: set[str] = set()
        self._fit: set[tuple[Any, ...]] = set()
        self._closed = False

    async def teardown(self, worker: Worker) -> None:  # noqa: ARG002
        """Stop what runs, and end when it has."""
        await asyncio.to_thread(self._close)

    def transition(self, key: Any, start: Any, finish: Any, **_: Any) -> None:
        """Hear what becomes of a task: when one that runs is let go of, nobody waits for it, and its tester is stopped."""
        if not str(key).startswith(self.name):
            return
        with self._change:
            if (start, finish) == ("executing", "released"):
                self._unwanted.add(key)
                if seat := self._busy.get(key):
                    seat.stop.set()
            elif finish == "forgotten":
                self._unwanted.discard(key)

    def judge(self, key: str, work: Work) -> Judgement:
        """Judge a work as a local executor does. Raises Blocked where this worker would judge by something else."""
        self._be_fit(work)
        with self._seat(key) as seat:
            try:
                return judged(work, seat.nursery.attempt) if seat else stopped(work)
            except Exception as error:  # noqa: BLE001  (ours)
                return stumbled(work, error)

    def _be_fit(self, work: Work) -> None:
        what = (work.course, work.key.lab, work.key.checks, work.key.environment, work.sandbox)
        with self._looks:
            if what not in self._fit:
                _agree(work, self._worker)
                _can(work.sandbox, self._worker)
                self._fit.add(what)

    @contextmanager
    def _seat(self, key: str) -> Iterator[_Seat | None]:
        """Take a nursery; None where nobody wants the work any more."""
        with self._change:
            unwanted = self._closed or key in self._unwanted
            seat = None if unwanted else self._idle.pop() if self._idle else _Seat()
            if seat:
                self._busy[key] = seat
                if seat.leave:
                    seat.leave.cancel()
        try:
            yield seat
        finally:
            if seat:
                self._leave(key, seat)

    def _leave(self, key: str, seat: _Seat) -> None:
        with self._change:
            del self._busy[key]
            seat.stop.clear()
            self._idle.append(seat)
            seat.leave = threading.Timer(IDLE, self._end, [seat])
            seat.leave.daemon = True
            seat.leave.start()
            self._change.notify_all()

    def _end(self, seat: _Seat) -> None:
        with self._change:
            if seat not in self._idle:
                return
            self._idle.remove(seat)
        seat.nursery.close()

    def _close(self) -> None:
        with self._change:
            self._closed = True
            for seat in self._busy.values():
                seat.stop.set()
            self._change.wait_for(lambda: not self._busy)
            idle = list(self._idle)
        for seat in idle:
            if seat.leave:
                seat.leave.cancel()
            self._end(seat)


def _agree(work: Work, worker: str) -> None:
    """Raise Blocked where a judgement of ours would not be what the one who sent the work takes it for."""
    course = Course(Path(work.course) if work.course else root())
    if environment_of(work.sandbox, f"{work.limits}") != work.key.environment:
        raise Blocked(
            N_("Worker {worker} has another Python (its own is {python}), or other packages, than the grader."),
            N_("Install Seamwork there as it is here, with the same Python, and start the worker again."),
            worker=worker,
            python=python_version(),
        )
    if checks_of(course, course.lab(work.key.lab), work.private) != work.key.checks:
        raise Blocked(
            N_("Worker {worker} would judge by other checks, or with another Seamwork, than the grader."),
            N_("Bring Seamwork there to what it is here, and start the worker again."),
            worker=worker,
        )


def _can(sandbox: str, worker: str) -> None:
    """Raise Blocked where there is no such sandbox here."""
    if sandbox in _MADE:
        return
    if why := capabilities.look([sandbox]).kinds[sandbox]:
        raise Blocked(
            N_("Worker {worker} cannot make the sandbox {kind} ({why})."),
            N_("Mend that, start the worker again, and grade again: it goes on from here."),
            worker=worker,
            kind=sandbox,
            why=why,
        )
