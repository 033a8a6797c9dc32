"""Runs ``seamwork grade`` on a class, as an instructor would, and says what that came to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CLASS", "Graded", "grade"]

CLASS = Path(__file__).parent / "class"
BIN = Path(sys.executable).parent
EVERY = 0.25
"""Seconds between two looks at a process."""


@dataclass(frozen=True)
class Graded:
    """``marks``: points by student; ``megabytes``: the most that the grader itself had resident, its workers not counted."""

    seconds: float
    marks: dict[str, float | None]
    megabytes: float


def grade(submissions: Path, store: Path, *options: object, lab: str = "00", course: Path | None = CLASS) -> Graded:
    """Grade a folder of submissions. Raises SystemExit when somebody's work could not be graded."""
    words = [BIN / "seamwork", "grade", submissions, "--lab", lab, "--store", store, "--json", *options]
    words += ["--course", course] if course else []
    began = time.perf_counter()
    with subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        memory = _Memory(process.pid)
        said, words_of_it = process.communicate()
        seconds = time.perf_counter() - began
        memory.join()
    if process.returncode:
        raise SystemExit(f"seamwork grade ended with {process.returncode}:\n{(said + words_of_it)[-2000:]}")
    told: dict[str, Any] = json.loads(said)
    return Graded(seconds, {each["student"]: each["points"] for each in told["students"]}, memory.most)


class _Memory(threading.Thread):
    """Looks at one process until it is gone. Where the system has no /proc, it sees nothing."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._file, self.most = Path(f"/proc/{pid}/status"), 0.0
        self.start()

    def run(self) -> None:
        """Look."""
        while (now := self._now()) is not None:
            self.most = max(self.most, now)
            time.sleep(EVERY)

    def _now(self) -> float | None:
        try:
            lines = self._file.read_text().splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)
