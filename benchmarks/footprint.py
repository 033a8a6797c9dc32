"""What it takes to have it: memory of the shop with its backing services, and the time until a command answers."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rounds import medians
from table import Row, row

from checker.course import Course, root
from checker.runtime.ground import Ground

__all__ = ["below_us", "rows"]

BIN = Path(sys.executable).parent
PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
MB = 1e6


def rows(rounds: int) -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="seamwork-bench-") as folder:
        shop = Path(folder) / "shop"
        subprocess.run([BIN / "seamwork", "init", shop], stdout=subprocess.DEVNULL, check=True)
        found = medians(
            {
                "help": lambda: _answers(["--help"], shop),
                "list": lambda: _answers(["list"], shop),
                "memory": lambda: _memory(shop),
            },
            rounds,
        )
    return [
        row("monolith, PostgreSQL, Redis and their launchers (PSS)", found["memory"], "MB", target=200.0),
        row("seamwork --help", found["help"], target=0.2),
        row("seamwork list", found["list"], target=0.4),
    ]


def _answers(arguments: list[str], workspace: Path) -> float:
    began = time.perf_counter()
    subprocess.run([BIN / "seamwork", *arguments], cwd=workspace, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _memory(workspace: Path) -> float:
    """Return the megabytes of all that runs below us once the shop has shown its products."""
    course = Course(root())
    with Ground(course) as ground:
        ground.ready_for(workspace)
        shop = ground.take_monolith()
        try:
            shop.get("/products")
            return below_us()
        finally:
            shop.close()


def below_us() -> float:
    """Return the megabytes (PSS) of all processes that descend from this one; pages that are shared count in part."""
    return sum(_pss(process.pid) for process in psutil.Process().children(recursive=True)) / MB


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):  # it may have ended
        if said := PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text()):
            return int(said[1]) * 1024
    return 0
