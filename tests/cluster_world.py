"""A Dask cluster on this machine, of real processes: a scheduler, and workers that can be made to lie."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psutil

DASK = str(Path(sys.executable).with_name("dask"))
PATIENCE = 60.0
KEEPS = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "100"}
"""As the documentation has schedulers started: of what they have sent they do not keep a thousand messages."""


class Dask:
    """A context manager: a scheduler; ``worker`` starts workers. Nothing listens but on 127.0.0.1."""

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self._place, self._file = place, place / "scheduler.json"
        self._started: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0")
        self.address = str(json.loads(self._told())["address"])

    def worker(self, preload: str = "") -> subprocess.Popen[bytes]:
        """Start a worker of one thread; ``preload`` is run in it first."""
        name = f"worker{len(self._started)}"
        words = ["--nthreads", "1", "--no-nanny", "--local-directory", str(self._place / name), "--death-timeout", "60"]
        if preload:
            code = self._place / f"{name}.py"
            code.write_text(preload, "utf-8")
            words += ["--preload", str(code)]
        return self._start("worker", *words)

    @property
    def last(self) -> subprocess.Popen[bytes]:
        """What was started last."""
        return self._started[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):  # one by one: a worker that loses its scheduler while it ends may hang
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        common = ["--scheduler-file", str(self._file), "--host", "127.0.0.1", "--no-dashboard"]
        with (self._place / f"{what}{len(self._started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [DASK, what, *common, *words], stdout=log, stderr=log, cwd=self._place, env={**os.environ, **KEEPS}
            )
        self._started.append(process)
        return process

    def _told(self) -> str:
        until(lambda: self._file.exists() and self._file.read_text("utf-8").endswith("}"))
        return self._file.read_text("utf-8")


@contextmanager
def cluster(place: Path, workers: int = 2, preload: str = "") -> Iterator[Dask]:
    """A scheduler with so many workers."""
    with Dask(place) as dask:
        for _ in range(workers):
            dask.worker(preload)
        yield dask


def until(true: object) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def below(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """What a worker has started, and that in turn."""
    return psutil.Process(process.pid).children(recursive=True)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it without a word."""
    process.send_signal(signal.SIGKILL)
    process.wait()
