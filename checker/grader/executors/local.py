"""Workers on this machine: each has a nursery of its own."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from checker.grader.judging.attempts import judged, stopped, stumbled
from checker.grader.judging.nursery import Nursery
from checker.grader.model import Judgement
from checker.grader.sandbox import capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from checker.grader.executors import Begun
    from checker.grader.judging.work import Work
    from checker.grader.sandbox.capabilities import Capabilities

__all__ = ["Local", "workers"]

ROOM = 700 << 20
"""Bytes of memory that one submission with its servers takes, and what judges it."""


def workers() -> int:
    """Return how many submissions this machine can judge at a time: as many as there are cores, and memory allows."""
    import psutil  # noqa: PLC0415  (slow to import)

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, psutil.virtual_memory().available // ROOM))


class Local:
    """``most`` workers; none is started before there is work for it."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most or workers()
        self._cancelled = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=self._most, thread_name_prefix="worker")
        self._idle = [Nursery(self._cancelled) for _ in range(self._most)]

    @property
    def words(self) -> str:
        """What it is."""
        return f"local, {self._most} workers"

    def look(self, kinds: Sequence[str] = capabilities.KINDS) -> Capabilities:
        """See what sandboxes there are."""
        return capabilities.look(kinds)

    def run(self, works: Iterable[Work], begun: Begun) -> Iterator[Judgement]:
        """Judge works as they are taken, see :class:`Executor`."""
        waiting, ready, busy = iter(works), SimpleQueue[Judgement](), 0
        while True:
            while busy < self._most and (work := next(waiting, None)) is not None:
                begun(work)
                self._pool.submit(self._judge, work, ready)
                busy += 1
            if not busy:
                return
            judgement = ready.get()
            busy -= 1
            yield judgement

    def cancel(self) -> None:
        """Stop what runs."""
        self._cancelled.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()
        self._pool.shutdown()
        for nursery in self._idle:
            nursery.close()

    def _judge(self, work: Work, ready: SimpleQueue[Judgement]) -> None:
        nursery = self._idle.pop()
        try:
            ready.put(stopped(work) if self._cancelled.is_set() else judged(work, nursery.attempt))
        except Exception as error:  # noqa: BLE001  (ours)
            ready.put(stumbled(work, error))
        finally:
            self._idle.append(nursery)
