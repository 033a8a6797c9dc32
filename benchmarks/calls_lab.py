"""Lab 03's solution, warm: from the save to the verdict, with and without the checks in which time is the point."""

from __future__ import annotations

from functools import partial

from rounds import medians
from solved import seconds, solved
from table import Row, row

from checker.runtime.ground import Ground

__all__ = ["rows"]

TIMING = {"test_others_are_served_meanwhile"}
"""Marked ``timing``: nothing else may run on the machine."""


def rows(rounds: int) -> list[Row]:
    """Measure."""
    with solved("03") as (course, lab, workspace), Ground(course, warm=True) as ground:
        quick = [name for name in lab.checks if name not in TIMING]
        found = medians(
            {
                "quick": partial(seconds, ground, lab, workspace, quick),
                "all": partial(seconds, ground, lab, workspace, ()),
            },
            rounds,
        )
    return [
        row("save → verdict, lab 03, warm, without timing checks", found["quick"], target=2.0),
        row("save → verdict, lab 03, warm, all", found["all"], target=5.0),
    ]
