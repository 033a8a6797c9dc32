"""A lab's solution in a workspace of its own: what a run of its checks takes, and what its system weighs."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from footprint import below_us

from checker.course import Course, Lab, init, root
from checker.runtime.ground import Ground
from checker.runtime.stage import Stage
from checker.session import check

__all__ = ["seconds", "solved", "weight"]

SEED = 4


@contextlib.contextmanager
def solved(number: str) -> Iterator[tuple[Course, Lab, Path]]:
    """Lay out a lab's solution; it is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="seamwork-bench-") as folder:
        course = Course(root())
        lab, workspace = course.lab(number), Path(folder) / "solved"
        init(workspace, course, at=lab, solved=True)
        yield course, lab, workspace


def seconds(ground: Ground, lab: Lab, workspace: Path, only: Sequence[str]) -> float:
    """Return the seconds until the verdict on ``only`` (all checks, when empty). Ends the benchmark when one fails."""
    began = time.perf_counter()
    results = check(ground, lab, workspace, seed=SEED, only=only)
    took = time.perf_counter() - began
    if results.exit_code:
        raise SystemExit(f"{lab.name} did not pass while it was measured")
    ground.tidied()
    return took


def weight(course: Course, lab: Lab, workspace: Path) -> float:
    """Return the megabytes (PSS) of the lab's system, its databases and launchers, when an order has been read."""
    with Ground(course) as ground:
        ground.ready_for(workspace)
        stage = Stage(ground, lab, workspace, seed=SEED)
        try:
            stage.system().get("/orders/1")
            return below_us()
        finally:
            stage.close()
