"""Lab 02's solution, warm: from the save to the verdict, what its taps cost, and what two services on two databases weigh."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from footprint import below_us
from rounds import medians
from table import Row, ratio, row

from checker.course import Course, Lab, init, root
from checker.runtime.ground import Ground
from checker.runtime.stage import Stage
from checker.session import check

__all__ = ["rows"]

LAB = "02"
SEED = 4
SLOW = {
    "test_old_and_new_run_together",  # the load
    "test_migrations_go_down_and_up",
    "test_drift_is_noticed",
    "test_replicas_migrate_once",
    "test_tests_pass_alone",
    "test_tests_find_planted_bugs",
}
"""What is not in the first number: the load, the migrations, and the services' own tests."""
TAPPED = {"test_late_orders_move_too", "test_replicas_migrate_once", "test_tests_find_planted_bugs"}
"""What cannot be done without a tap."""


def rows(rounds: int) -> list[Row]:
    """Measure. The workspace is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="seamwork-bench-") as folder:
        course = Course(root())
        lab, workspace = course.lab(LAB), Path(folder) / "solved"
        init(workspace, course, at=lab, solved=True)
        return [*_verdicts(course, lab, workspace, rounds), _memory(course, lab, workspace, rounds)]


def _verdicts(course: Course, lab: Lab, workspace: Path, rounds: int) -> list[Row]:
    quick = [name for name in lab.checks if name not in SLOW]
    untapped = [name for name in lab.checks if name not in TAPPED]
    with Ground(course, warm=True) as tapped, Ground(course, warm=True, taps=False) as bare:
        found = medians(
            {
                "quick": partial(_check, tapped, lab, workspace, quick),
                "all": partial(_check, tapped, lab, workspace, ()),
                "tapped": partial(_check, tapped, lab, workspace, untapped),
                "bare": partial(_check, bare, lab, workspace, untapped),
            },
            rounds,
        )
    without = row("lab 02 without taps, warm, all checks that need none", found["bare"])
    with_taps = row("lab 02 with taps, warm, the same checks", found["tapped"], peer=without)
    return [
        row("save → verdict, lab 02, warm, without load, migrations and own tests", found["quick"], target=3.0),
        row("save → verdict, lab 02, warm, all", found["all"], target=15.0),
        with_taps,
        without,
        ratio("lab 02 with taps, over without", with_taps, without, target=1.3),
    ]


def _check(ground: Ground, lab: Lab, workspace: Path, only: Sequence[str]) -> float:
    began = time.perf_counter()
    results = check(ground, lab, workspace, seed=SEED, only=only)
    seconds = time.perf_counter() - began
    if results.exit_code:
        raise SystemExit(f"{lab.name} did not pass while it was measured")
    ground.tidied()
    return seconds


def _memory(course: Course, lab: Lab, workspace: Path, rounds: int) -> Row:
    found = medians({"memory": lambda: _weight(course, lab, workspace)}, rounds)
    return row("shop and orders, their databases and launchers (PSS)", found["memory"], "MB", target=250.0)


def _weight(course: Course, lab: Lab, workspace: Path) -> float:
    with Ground(course) as ground:
        ground.ready_for(workspace)
        with _standing(Stage(ground, lab, workspace, seed=SEED)) as stage:
            stage.system().get("/orders/1")
            return below_us()


@contextlib.contextmanager
def _standing(stage: Stage) -> Iterator[Stage]:
    try:
        yield stage
    finally:
        stage.close()
