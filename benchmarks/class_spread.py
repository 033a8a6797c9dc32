"""The same class on Dask with two workers of this machine, and by the local executor."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from class_peers import handed_in
from graded import grade
from rounds import Absent, medians
from table import Row, ratio, row

from checker.wait import until

__all__ = ["rows"]

MANY, WORKERS = 40, 2
PATIENCE = 30.0
"""Seconds that a scheduler has to begin."""
AT_LEAST = 1 / 0.9
"""Of the local executor's seconds: nine tenths of its throughput."""


def rows(folder: Path, rounds: int) -> list[Row]:
    """Measure, in turns."""
    numbers = itertools.count(1)
    trees = handed_in(folder / "submissions", MANY)

    def graded(*options: object) -> float:
        store = folder / f"grades-{next(numbers)}.db"
        return grade(folder / "submissions", store, *options).seconds / len(trees)

    with _cluster(folder) as address:
        spread = ("--executor", "dask", "--scheduler", address)
        found = medians({"local": lambda: graded("--jobs", WORKERS), "dask": lambda: graded(*spread)}, rounds)
    local = row(f"four checks, local, {WORKERS} workers", found["local"], "s a submission")
    dask = row(f"four checks, Dask, {WORKERS} workers", found["dask"], "s a submission", peer=local)
    return [local, dask, ratio("Dask over local", dask, local, target=AT_LEAST)]


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[str]:
    """Run a scheduler and its workers on this machine; its address."""
    file = folder / "scheduler.json"
    dask = Path(sys.executable).parent / "dask"
    if not dask.exists():
        raise Absent("absent: dask (make dev brings it)")
    bound = ["--host", "127.0.0.1", "--no-dashboard"]
    commands = [[dask, "scheduler", *bound, "--port", "0", "--scheduler-file", file]]
    commands += [[dask, "worker", *bound, "--nthreads", "1", "--scheduler-file", file]] * WORKERS
    with contextlib.ExitStack() as stack:
        for command in commands:
            words = list(map(str, command))
            process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        if not until(file.exists, within=PATIENCE):
            raise SystemExit("Dask's scheduler does not begin")
        yield json.loads(file.read_text("utf-8"))["address"]
