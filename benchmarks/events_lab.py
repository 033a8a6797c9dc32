"""Lab 04's solution, warm: without and with the thirty things that chance makes; and what its processes weigh."""

from __future__ import annotations

from functools import partial

from rounds import medians
from solved import seconds, solved, weight
from table import Row, row

from checker.runtime.ground import Ground

__all__ = ["rows"]

CHANCE = "test_all_agree_in_the_end"


def rows(rounds: int) -> list[Row]:
    """Measure."""
    with solved("04") as (course, lab, workspace):
        one_by_one = [name for name in lab.checks if name != CHANCE]
        with Ground(course, warm=True) as ground:
            found = medians(
                {
                    "one by one": partial(seconds, ground, lab, workspace, one_by_one),
                    "all": partial(seconds, ground, lab, workspace, ()),
                },
                rounds,
            )
        megabytes = medians({"memory": partial(weight, course, lab, workspace)}, rounds)["memory"]
    return [
        row("save → verdict, lab 04, warm, one by one", found["one by one"], target=3.0),
        row("save → verdict, lab 04, warm, all", found["all"], target=9.0),
        row(
            "lab 04's four services, relays and consumers, databases and launchers (PSS)", megabytes, "MB", target=400.0
        ),
    ]
