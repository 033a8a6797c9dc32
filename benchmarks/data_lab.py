"""Lab 02's solution, warm: from the save to the verdict, what its taps cost, and what two services on two databases weigh."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from rounds import medians
from solved import seconds, solved, weight
from table import Row, ratio, row

from checker.course import Course, Lab
from checker.runtime.ground import Ground

__all__ = ["rows"]

LAB = "02"
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
    """Measure."""
    with solved(LAB) as (course, lab, workspace):
        megabytes = medians({"memory": partial(weight, course, lab, workspace)}, rounds)["memory"]
        memory = row("shop and orders, their databases and launchers (PSS)", megabytes, "MB", target=250.0)
        return [*_verdicts(course, lab, workspace, rounds), memory]


def _verdicts(course: Course, lab: Lab, workspace: Path, rounds: int) -> list[Row]:
    quick = [name for name in lab.checks if name not in SLOW]
    untapped = [name for name in lab.checks if name not in TAPPED]
    with Ground(course, warm=True) as tapped, Ground(course, warm=True, taps=False) as bare:
        found = medians(
            {
                "quick": partial(seconds, tapped, lab, workspace, quick),
                "all": partial(seconds, tapped, lab, workspace, ()),
                "tapped": partial(seconds, tapped, lab, workspace, untapped),
                "bare": partial(seconds, bare, lab, workspace, untapped),
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
