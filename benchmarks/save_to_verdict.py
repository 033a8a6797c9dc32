"""Lab 01's solution: from the save to the verdict, warm and cold, beside the floor."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import IO

from floor import Floor
from recording import SEED, record
from rounds import medians
from table import Row, ratio, row

from checker.course import Course, Lab, root, write_tree
from checker.runtime.ground import Ground
from checker.session import check

__all__ = ["rows"]

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
LAB = "01"
TWICE = 2.0
SOON = 1.0
"""Seconds after a verdict until the next save: the learner reads it."""

VERDICT = re.compile(rb"\d+ of \d+")
WATCHING = re.compile(rb"^watching ")


def rows(rounds: int) -> list[Row]:
    """Measure. The workspaces are thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="seamwork-bench-") as folder:
        bench = _Bench(Path(folder))
        return [*bench.warm(rounds), *bench.watched(rounds), *bench.cold(rounds)]


class _Bench:
    """The solved workspace, the monolith, and what a run on them asks."""

    def __init__(self, folder: Path) -> None:
        self.course = Course(root())
        self.lab: Lab = self.course.lab(LAB)
        self.recording = folder / "recording.json"
        self.folders = {"workspace": folder / "solved", "monolith": folder / "monolith"}
        self.workspace = self.folders["workspace"]
        init = [BIN / "seamwork", "init", self.workspace, "--at", LAB, "--solved"]
        subprocess.run(init, stdout=subprocess.DEVNULL, check=True)
        write_tree(self.course.ground(self.course.labs[0]), self.folders["monolith"])

    # Warm: everything stands that a `seamwork watch` keeps

    def warm(self, rounds: int) -> list[Row]:
        with Ground(self.course, warm=True) as ground:
            recorded = record(ground, self.lab, self.workspace)
            self.recording.write_text(json.dumps(recorded), "utf-8")
            cases = {"ours": partial(self._check, ground), "floor": partial(self._floor, ground, recorded)}
            found = medians(cases, rounds)
        floor = row("bare floor of lab 01, warm", found["floor"])
        ours = row("save → verdict, lab 01, warm", found["ours"], target=1.0, peer=floor)
        return [ours, floor, ratio("save → verdict, warm, over its floor", ours, floor, target=TWICE)]

    def _check(self, ground: Ground) -> float:
        began = time.perf_counter()
        results = check(ground, self.lab, self.workspace, seed=SEED)
        seconds = time.perf_counter() - began
        if results.exit_code:
            raise SystemExit(f"{self.lab.name} did not pass while it was measured")
        ground.tidied()
        return seconds

    def _floor(self, ground: Ground, recorded: dict[str, object]) -> float:
        start = partial(ground.launcher.start, fork=True)
        floor = Floor(
            recorded, self.folders, start=start, postgres=lambda: ground.postgres, redis=lambda: ground.redis.url
        )
        try:
            floor.open("monolith").result()  # a warm run finds it standing as well
            began = time.perf_counter()
            floor.play()
            return time.perf_counter() - began
        finally:
            floor.close()

    # The same as the learner has it: a file is saved, a verdict is printed

    def watched(self, rounds: int) -> list[Row]:
        command = [BIN / "seamwork", "watch", LAB, "--workspace", self.workspace]
        with _running(command) as process:
            _until(process.stdout, WATCHING)
            found = medians({"watch": lambda: self._save(process.stdout)}, rounds)
        return [row("file saved → verdict printed by seamwork watch", found["watch"], target=1.0)]

    def _save(self, printed: IO[bytes] | None) -> float:
        time.sleep(SOON)
        file = self.workspace / "services" / "orders" / "app.py"
        began = time.perf_counter()
        file.write_bytes(file.read_bytes())
        _until(printed, VERDICT)
        seconds = time.perf_counter() - began
        _until(printed, WATCHING)
        return seconds

    # Cold: from nothing

    def cold(self, rounds: int) -> list[Row]:
        ours = [BIN / "seamwork", "check", LAB, "--workspace", self.workspace, "--seed", str(SEED)]
        floor = [sys.executable, HERE / "cold_floor.py", self.recording, self.workspace, self.folders["monolith"]]
        first: dict[str, list[float]] = {"ours": [], "exec": [], "fork": []}
        cases = {
            "ours": lambda: _timed(ours, VERDICT, first["ours"]),
            "exec": lambda: _timed([*floor, "exec"], re.compile(b"done"), first["exec"]),
            "fork": lambda: _timed([*floor, "fork"], re.compile(b"done"), first["fork"]),
        }
        found = medians(cases, rounds)
        executed = row("bare floor of lab 01, cold, services executed", found["exec"])
        forked = row("bare floor of lab 01, cold, services forked", found["fork"])
        verdict = median(first["ours"][-rounds:])
        whole = row("seamwork check 01, cold, to its exit code", found["ours"], target=3.0, peer=executed)
        return [
            row("seamwork check 01, cold, to the printed verdict", verdict, target=3.0),
            whole,
            executed,
            forked,
            ratio("seamwork check 01 over its floor, services executed", whole, executed, target=TWICE),
            ratio("seamwork check 01 over its floor, services forked", whole, forked, target=TWICE),
        ]


def _timed(command: list[object], sign: re.Pattern[bytes], first: list[float]) -> float:
    """Run a command; note when its output has the sign, and return when it has ended."""
    began = time.perf_counter()
    with _running(command) as process:
        _until(process.stdout, sign)
        first.append(time.perf_counter() - began)
        process.communicate()
        return time.perf_counter() - began


@contextlib.contextmanager
def _running(command: list[object]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command; what is still running at the end is told to end."""
    with subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def _until(printed: IO[bytes] | None, sign: re.Pattern[bytes]) -> None:
    if not any(sign.search(line) for line in printed or ()):
        raise SystemExit(f"{sign.pattern.decode()!r} was not printed")
