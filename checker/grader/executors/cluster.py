"""A Dask cluster as an executor: the works go to its workers, see ``station``, and what they come to comes back.

distributed sees to workers that die: their tasks go to others, and one that has cost several workers their lives is given up.
Of the class only what is being judged is on the cluster, and a little more, so that no worker waits for the next one.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import secrets
import sys
import threading
import time
import warnings
import zlib
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from checker.course import root
from checker.errors import N_, Blocked, SeamworkError, UsageError
from checker.grader.judging.attempts import stopped
from checker.grader.model import Judgement, Status
from checker.grader.sandbox.capabilities import KINDS, Capabilities
from checker.outcome import Message
from checker.runtime.environment import lock_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from checker.grader.executors import Begun
    from checker.grader.judging.work import Work

__all__ = ["Cluster"]

Client: TypeAlias = Any
Future: TypeAlias = Any
"""distributed's own, which is typed in places only."""

ANSWERS = 10.0
"""Seconds within which a scheduler answers."""
WORKERS = 30.0
"""Seconds that we wait for a worker where there is none."""
TICK = 1.0
"""Seconds between two looks at how many workers there are."""
MORE = 2
"""Works that lie ready on the cluster beside those that are judged."""
DASK = ("dask", "distributed")
"""What scheduler and grader need in the same version."""
ALIKE = (*DASK, "python", "seamwork")
"""What workers and grader need in the same version."""

SETTINGS = {
    "distributed.admin.large-graph-warning-threshold": "1GB",
    "distributed.admin.low-level-log-length": 10,  # messages that are kept: each has a submission in it
}
"""Of distributed, in the grader's process."""


class Cluster:
    """The cluster whose scheduler is at ``address``; ``most``: works that are judged at a time, at the most."""

    def __init__(self, address: str, most: int | None = None) -> None:
        if find_spec("distributed") is None:
            lock = lock_file()
            raise Blocked(
                N_("The package distributed is not installed."),
                N_("{python} -m pip install -r {file}"),
                python=sys.executable,
                file=lock.with_name("dask.txt") if lock else "dask.txt",
            )
        self._address, self._most = address, most
        self._name = f"seamwork-{secrets.token_hex(8)}"
        self._cancelled = threading.Event()
        self._flying: dict[str, tuple[Future, Work]] = {}
        self._landed = SimpleQueue[str]()
        self._threads, self._looked, self._seen = 0, 0.0, time.monotonic()
        self._client: Client | None = None

    @property
    def words(self) -> str:
        """What it is."""
        return f"dask, {self._address}, {self._threads} threads"

    def look(self, kinds: Sequence[str] = KINDS) -> Capabilities:
        """See what sandboxes can be made on every worker."""
        from checker.grader.executors import station  # noqa: PLC0415

        with self._told():
            found: Mapping[str, Capabilities] = self._cluster.run(station.look, kinds)
        if not found:
            raise self._lonely()
        why = {
            kind: "; ".join(f"{worker}: {there.kinds[kind]}" for worker, there in found.items() if there.kinds[kind])
            for kind in kinds
        }
        return Capabilities(why, next(iter(found.values())).losses)

    def run(self, works: Iterable[Work], begun: Begun) -> Iterator[Judgement]:
        """Judge works as they are taken, see :class:`Executor`. Raises Blocked where the cluster is lost."""
        waiting = iter(works)
        while True:
            while len(self._flying) < self._room() and (work := next(waiting, None)) is not None:
                begun(work)
                if self._cancelled.is_set():
                    yield stopped(work)
                else:
                    self._send(work)
            if not self._flying:
                return
            yield from self._stopped() if self._cancelled.is_set() else self._judged()

    def cancel(self) -> None:
        """Stop what runs."""
        self._cancelled.set()
        self._landed.put("")

    def __enter__(self) -> Self:
        from checker.grader.executors.station import Station  # noqa: PLC0415

        self._client = _connected(self._address)
        try:
            with self._told():
                self._be_alike()
                self._count()
                self._cluster.register_plugin(Station(self._name))
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    @property
    def _cluster(self) -> Client:
        if self._client is None:
            raise RuntimeError
        return self._client

    def _leave(self) -> None:
        """Take back what is on the cluster, see it ended, and go."""
        client, self._client = self._cluster, None
        with suppress(Exception):
            if client.status == "running":
                client.cancel([future for future, _ in self._flying.values()], force=True)
                client.unregister_worker_plugin(self._name)
        self._flying.clear()
        with suppress(Exception):
            client.close(timeout=ANSWERS)

    def _be_alike(self) -> None:
        """Raise Blocked where there is no worker, or one that does not understand what we would send it."""
        try:
            self._cluster.wait_for_workers(1, timeout=WORKERS)
        except TimeoutError:
            raise self._lonely() from None
        found: Mapping[str, Any] = self._cluster.get_versions(packages=ALIKE)
        here: Mapping[str, str] = found["client"]["packages"]
        for names, places in ((ALIKE, found["workers"]), (DASK, {self._address: found["scheduler"]})):
            for place, there in places.items():
                for name in names:
                    if (has := there["packages"][name]) != here[name]:
                        raise _differs(place, name, has, here[name])

    def _room(self) -> int:
        """Return how many works may be on the cluster; look now and then at how many workers it has."""
        if time.monotonic() > self._looked + TICK:
            with self._told():
                self._count()
        return min(self._threads + MORE, self._most or sys.maxsize)

    def _count(self) -> None:
        self._threads = sum(self._cluster.nthreads().values())
        self._looked = time.monotonic()
        if self._threads:
            self._seen = self._looked
        elif self._looked > self._seen + WORKERS:
            raise self._lonely()

    def _send(self, work: Work) -> None:
        from checker.grader.executors import station  # noqa: PLC0415

        key = f"{self._name}-{hashlib.sha256(repr(work.key).encode()).hexdigest()}"
        if Path(work.course) == root():
            work = replace(work, course="")  # theirs, wherever it lies there
        with self._told():
            data = zlib.compress(pickle.dumps(work))
            future = self._cluster.submit(station.judge, self._name, key, data, key=key, pure=False, retries=0)
        self._flying[key] = future, replace(work, trees={}, private={})
        future.add_done_callback(lambda _: self._landed.put(key))

    def _judged(self) -> Iterator[Judgement]:
        """Yield what the next work has come to, if there is one before the next look at the cluster."""
        try:
            key = self._landed.get(timeout=TICK)
        except Empty:
            return
        if key not in self._flying:
            return
        future, work = self._flying[key]
        if judgement := self._result(future, work):
            del self._flying[key]
            future.release()
            yield judgement
        else:
            self._landed.put(key)

    def _result(self, future: Future, work: Work) -> Judgement | None:
        """Return what it has come to; None where its worker was lost before it could hand that over: it is judged anew."""
        from distributed import KilledWorker  # noqa: PLC0415

        with self._told():
            try:
                found: Judgement = future.result(timeout=TICK)
            except TimeoutError:
                return None
            except KilledWorker:
                return Judgement(work.key, Status.NOT_GRADABLE, sandbox=work.sandbox, message=_KILLED)
        return found

    def _stopped(self) -> Iterator[Judgement]:
        flying, self._flying = self._flying, {}
        with self._told():
            self._cluster.cancel([future for future, _ in flying.values()], force=True)
        for _, work in flying.values():
            yield stopped(work)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what came of the cluster, for people."""
        try:
            yield
        except SeamworkError:
            raise
        except Exception as error:
            if isinstance(error, (OSError, CancelledError)):
                raise Blocked(
                    N_("The scheduler at {address} is lost ({error})."),
                    N_("Start it again, and grade again: it goes on from here."),
                    address=self._address,
                    error=_words(error),
                ) from error
            raise Blocked(
                N_("The cluster at {address} could not do what it was asked: {error}"),
                N_("Look at what its workers have logged, and grade again: it goes on from here."),
                address=self._address,
                error=_words(error),
            ) from error

    def _lonely(self) -> Blocked:
        return Blocked(
            N_("The scheduler at {address} has no workers."),
            N_("Start one: dask worker {address}. Then grade again: it goes on from here."),
            address=self._address,
        )


_KILLED = Message(
    N_("Whichever worker judged it was killed."),
    N_("Look at the workers' memory, and at their logs; then grade again."),
)


def _connected(address: str) -> Client:
    """Connect to a scheduler. Raises UsageError where none answers."""
    import dask.config  # noqa: PLC0415
    import distributed  # noqa: PLC0415

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask.config.set(SETTINGS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions; we look for ourselves
        try:
            made: Client = distributed.Client
            return made(address, timeout=ANSWERS, set_as_default=False, name="seamwork-grade")
        except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
            raise UsageError(
                N_("No scheduler of Dask's answers at {address} ({error})."),
                N_("Start one with: dask scheduler. What it then prints is its address."),
                address=address,
                error=_words(error),
            ) from error


def _differs(place: str, name: str, there: str | None, here: str) -> Blocked:
    return Blocked(
        N_("{place} has {name} {there}, and the grader has {here}."),
        N_("Install there what is installed here, and start it again."),
        place=place,
        name=name,
        there=there or "-",
        here=here,
    )


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip(": ").partition("\n")[0]
