"""Five HTTP checks on one small FastAPI service: ours, and the same five in what people use today.

The peers get a PostgreSQL that stands already, except where fresh containers are what is measured; ours, cold, starts
its own. Each is a command from nothing to its exit code, as a learner would type it; ours warm is what `watch` does.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from recording import SEED
from rounds import Absent, Case, medians
from table import Row, row

from checker.course import Course, write_tree
from checker.runtime.ground import Ground
from checker.runtime.stage import Stage
from checker.session import check

__all__ = ["rows", "stand", "tree_of"]

HERE = Path(__file__).parent
FIVE = HERE / "five"
BIN = Path(sys.executable).parent
CHECK50 = BIN.parent / "bench" / "bin" / "check50"
QUIET = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Plain pytest is measured without the plugins that happen to be installed beside it."""
NO_REAPER = {"TESTCONTAINERS_RYUK_DISABLED": "true"}
"""Ryuk would be one more image to have; the containers are removed by the tests themselves."""

_numbers = itertools.count(1)


def rows(rounds: int) -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="seamwork-bench-") as folder, stand(Path(folder)) as (ground, stage):
        stage.close()
        tree = tree_of(Path(folder))
        found = medians(_cases(ground, tree), rounds, heavy={"containers"})
    pytest = row("five checks, pytest with one shared service", found["pytest"])
    peers = [
        row("five checks, check50", found["check50"]),
        pytest,
        row("five checks, pytest + testcontainers, one fresh PostgreSQL", found["container"]),
        row("five checks, pytest + testcontainers, a fresh PostgreSQL each", found["containers"]),
    ]
    ours = [
        row("five checks, ours, warm", found["warm"], target=0.5, peer=pytest),
        row("five checks, ours, cold", found["cold"], target=1.0, peer=pytest),
    ]
    return [*ours, *peers]


@contextlib.contextmanager
def stand(folder: Path) -> Iterator[tuple[Ground, Stage]]:
    """Lay the service out in ``folder``; yield a warm ground, and a stage on it, which is to be closed."""
    course = Course(FIVE)
    tree = tree_of(folder)
    write_tree(course.ground(course.labs[0]), tree)
    with Ground(course, warm=True) as ground:
        ground.ready_for(tree)
        yield ground, Stage(ground, course.labs[0], tree, seed=SEED)


def tree_of(folder: Path) -> Path:
    """Return where the service lies in a folder."""
    return folder / "notes-service"


def _cases(ground: Ground, tree: Path) -> Mapping[str, Case]:
    plain = [sys.executable, "-m", "pytest", "-c", FIVE / "plain" / "pytest.ini", FIVE / "plain"]
    on_container = {"PYTHONPATH": str(tree), **QUIET, **NO_REAPER}
    return {
        "warm": partial(_warm, ground, tree),
        "cold": partial(_timed, [sys.executable, HERE / "five_cold.py", tree]),
        "pytest": lambda: _timed(plain, {"PYTHONPATH": str(tree), **QUIET, **_database(ground)}),
        "check50": lambda: _check50(ground, tree),
        "container": lambda: _timed(plain, {**on_container, **_engine(), "FIVE_CONTAINER": "run"}),
        "containers": lambda: _timed(plain, {**on_container, **_engine(), "FIVE_CONTAINER": "test"}),
    }


def _warm(ground: Ground, tree: Path) -> float:
    began = time.perf_counter()
    results = check(ground, ground.course.labs[0], tree, seed=SEED)
    seconds = time.perf_counter() - began
    if results.exit_code:
        raise SystemExit("the five checks did not pass while they were measured")
    ground.tidied()
    return seconds


def _check50(ground: Ground, tree: Path) -> float:
    if not CHECK50.exists():
        raise Absent("absent: check50 (make .venv/bench.stamp brings it)")
    environment = {"FIVE_UVICORN": str(BIN / "uvicorn"), **_database(ground)}
    return _timed([CHECK50, "--dev", "--output", "json", "--", FIVE / "check50"], environment, cwd=tree)


def _database(ground: Ground) -> Mapping[str, str]:
    """Return a new, empty database for a run, as the variable that names it."""
    name = f"peer_{next(_numbers)}"
    return {"DATABASE_URL": ground.postgres.database(name).url}


def _engine() -> Mapping[str, str]:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        raise Absent("absent: a Docker engine that answers `docker info`")
    image = subprocess.run([docker, "image", "inspect", "postgres:17"], capture_output=True, check=False)
    if image.returncode:
        raise Absent("absent: the image postgres:17 (docker pull postgres:17)")
    return {}


def _timed(
    command: Sequence[object], environment: Mapping[str, str] | None = None, *, cwd: Path | None = None
) -> float:
    """Run a command to its exit code, which must be 0, and return the seconds that took."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds
