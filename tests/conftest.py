"""What every test stands on: what the machine has, and that nothing is left running."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import psutil
import pytest

REQUIRED = os.environ.get("SEAMWORK_REQUIRE") == "all"
"""What cannot run is a failure, and not only named."""

PR_SET_CHILD_SUBREAPER = 36


def _engine_answers() -> bool:
    return (
        shutil.which("docker") is not None
        and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    )


def _image(name: str) -> Callable[[], bool]:
    inspect = ["docker", "image", "inspect", name]
    return lambda: _engine_answers() and subprocess.run(inspect, capture_output=True, check=False).returncode == 0


def _on_path(*programs: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(program) for program in programs)


def _postgres() -> bool:
    return bool(shutil.which("postgres") or list(Path("/usr/lib/postgresql").glob("*/bin/postgres")))


NEEDS: dict[str, tuple[Callable[[], bool], str]] = {
    "docker": (_engine_answers, "a Docker engine that answers `docker info`"),
    "python:3.13-slim": (_image("python:3.13-slim"), "the image python:3.13-slim (docker pull python:3.13-slim)"),
    "redis-server": (_on_path("redis-server", "valkey-server"), "redis-server or valkey-server on PATH"),
    "postgres": (_postgres, "PostgreSQL's server programs (postgres, initdb)"),
    "site": ((Path(sys.executable).parent / "mkdocs").exists, "mkdocs and its theme (make dev)"),
    "chromium": (_on_path("chromium"), "Debian's chromium"),
    "root": (lambda: os.geteuid() == 0, "to be root"),
    "linux": (lambda: sys.platform == "linux", "Linux"),
    "bwrap": (_on_path("bwrap"), "bubblewrap"),
    "setpriv": (_on_path("setpriv"), "setpriv, from util-linux"),
}


@cache
def lacks(what: str) -> str:
    """Return what the machine lacks, "" when it is there."""
    probe, words = NEEDS[what]
    return "" if probe() else words


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Name what cannot run here; fail it where everything is required."""
    for marker in item.iter_markers("needs"):
        for what in marker.args:
            if words := lacks(what):
                (pytest.fail if REQUIRED else pytest.skip)(f"needs {words}")


def pytest_configure() -> None:
    """Let what a test leaves behind become ours, so that it can be counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for name in [name for name in os.environ if name.startswith(("SEAMWORK_LANG", "LC_", "LANG"))]:
        del os.environ[name]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say by name what could not run, and why."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"could not run: {report.nodeid}: {report.longrepr[2].removeprefix('Skipped: ')}")


@pytest.fixture(autouse=True)
def no_orphans() -> Iterator[None]:
    """No process that a test started, or what that started, is left when the test has ended."""
    before = _alive()
    yield
    left = _alive() - before
    gone, alive = psutil.wait_procs(left, timeout=3) if left else ([], [])
    assert not alive, f"left running: {[(p.pid, p.name(), ' '.join(p.cmdline())[:200]) for p in alive]}"
    del gone


def _alive() -> set[psutil.Process]:
    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
        except psutil.NoSuchProcess:
            continue
    return found
