"""Several workers side by side: jobs go to whoever is idle, answers come as they are ready; nothing outlives the crew."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

__all__ = ["Crew", "Job"]

LONGEST = 300.0
"""Seconds that one job may take; then its worker is ended."""
GRACE = 15.0
"""Seconds that a worker has to take everything down."""
TAIL = 300
"""Characters of a dead worker's last words."""

T = TypeVar("T")
Job = dict[str, Any]


class Crew:
    """A context manager: at most ``most`` workers, each started when there is work for it."""

    def __init__(self, root: Path, *, most: int, backing: str = "embedded") -> None:
        self._root, self._backing = root, backing
        self._most = max(1, most)
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, jobs: Iterable[tuple[T, Job]], *, most: int | None = None) -> Iterator[tuple[T, Job]]:
        """Yield each job's label with its answer, in the order in which they are done; ``most`` at a time.

        An answer to a job whose worker died or took too long is ``{"error": why, "undecided": True}``.
        """
        waiting, busy = deque(jobs), dict[_Worker, T]()
        with selectors.DefaultSelector() as ready:
            while waiting or busy:
                while waiting and len(busy) < min(most or self._most, self._most):
                    label, job = waiting.popleft()
                    worker = self._idle(busy)
                    worker.send(job)
                    busy[worker] = label
                    ready.register(worker.output, selectors.EVENT_READ, worker)
                for worker in _answering(ready, busy):
                    ready.unregister(worker.output)
                    yield busy.pop(worker), self._answer(worker)

    def close(self) -> None:
        """End every worker, and all that it started."""
        for worker in self._workers:
            worker.let_go()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _idle(self, busy: dict[_Worker, T]) -> _Worker:
        for worker in self._workers:
            if worker not in busy:
                return worker
        self._workers.append(_Worker(self._root, self._backing))
        return self._workers[-1]

    def _answer(self, worker: _Worker) -> Job:
        answer = None if worker.late else worker.receive()
        if answer is not None:
            return answer
        self._workers.remove(worker)
        worker.let_go()
        return {"error": worker.end(), "undecided": True, "seconds": worker.seconds}


def _answering(ready: selectors.BaseSelector, busy: dict[_Worker, T]) -> list[_Worker]:
    """Wait until some have answered, or one is late."""
    while True:
        found = [key.data for key, _ in ready.select(timeout=1.0)]
        if found or (found := [worker for worker in busy if worker.late]):
            return found


class _Worker:
    """One worker process, in a session of its own: Ctrl-C reaches us, and we tell it."""

    def __init__(self, root: Path, backing: str) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed in end)
        command = [sys.executable, "-I", "-m", "checker.verify.worker", str(root), backing]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, start_new_session=True
        )
        self._began = 0.0

    @property
    def output(self) -> IO[bytes]:
        return _open(self._process.stdout)

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._began, 3)

    @property
    def late(self) -> bool:
        return self.seconds > LONGEST

    def send(self, job: Job) -> None:
        self._began = time.monotonic()
        stdin = _open(self._process.stdin)
        try:
            stdin.write(json.dumps(job).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            return  # it is dead: its output has ended, and receive says so

    def receive(self) -> Job | None:
        """Return the answer; None when the worker has ended instead."""
        line = self.output.readline()
        answer: Job | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def let_go(self) -> None:
        """End its input: it takes down what it started, and leaves."""
        if self._process.poll() is None:
            self._process.terminate()

    def end(self) -> str:
        """Wait for it to be gone, by force at last; say how it ended."""
        try:
            code = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        why = f"took longer than {LONGEST:.0f} s" if self.late else f"ended with exit code {code}"
        words = self._last_words()
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            _close(pipe)
        return f"its worker {why}. {words}".strip()

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace")[-TAIL:]


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("no pipe")
    return pipe


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except BrokenPipeError:
            return
