"""Run a lab's checks on a tree and say what they came to."""

from __future__ import annotations

import platform
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from checker.course import Lab
from checker.errors import N_, UsageError
from checker.outcome import CheckResult, Results
from checker.plugin import run_checks
from checker.plugin.gate import named
from checker.runtime.ground import Ground
from checker.runtime.stage import Stage

__all__ = ["check"]


def check(
    ground: Ground,
    lab: Lab,
    tree: Path,
    *,
    seed: int | None = None,
    only: Sequence[str] = (),
    earlier: bool = False,
    shuffled: bool = False,
    on_result: Callable[[CheckResult], None] = lambda _: None,
) -> Results:
    """Run the checks of ``lab`` on the system in ``tree``; ``earlier`` adds those of the labs before it.

    ``seed`` None draws one. The ground is left standing for the next run. Raises UsageError when ``only`` names a
    check that there is not.
    """
    seed = random.SystemRandom().randrange(1, 1_000_000) if seed is None else seed
    labs = [*_before(ground, lab), lab] if earlier else [lab]
    replaced = [name for each in labs for name in each.replaces]
    _hold_to_names(labs, only)
    started, began = datetime.now(UTC), time.perf_counter()
    ground.ready_for(tree)
    stage = Stage(ground, lab, tree, seed=seed)
    try:
        results = run_checks(stage, labs, only=only, replaced=replaced, on_result=on_result, shuffled=shuffled)
    except BaseException:
        ground.let_go()
        stage.close()
        raise
    duration = time.perf_counter() - began
    ground.later(stage.close)
    return Results(
        lab=lab.name,
        seed=seed,
        started=started.isoformat(timespec="seconds"),
        duration=round(duration, 3),
        checks=results,
        workspace=str(tree),
        environment={"python": platform.python_version(), **ground.describe()},
    )


def _before(ground: Ground, lab: Lab) -> list[Lab]:
    return [each for each in ground.course.labs if each.number < lab.number]


def _hold_to_names(labs: Sequence[Lab], only: Sequence[str]) -> None:
    known = [f"{lab.number}:{name}" for lab in labs for name in lab.checks]
    for name in only:
        if not any(named(key, name) for key in known):
            raise UsageError(
                N_("Lab {lab} has no check {check!r}."),
                N_("It has: {checks}."),
                lab=labs[-1].name,
                check=name,
                checks=", ".join(name.removeprefix("test_") for name in labs[-1].checks),
            )
