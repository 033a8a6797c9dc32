"""Hints, one step further each time: where to look, what to do, almost the code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from checker.course import Lab, Workspace

__all__ = ["STEPS", "Hint", "next_hint"]

STEPS = 3


class Hint(NamedTuple):
    """A hint on a check, ``step`` 1 to 3, in one language."""

    check: str
    step: int
    words: str


def next_hint(space: Workspace, lab: Lab, check: str | None, lang: str) -> Hint:
    """Return the next hint on a check; each call goes a step further, the last step stays.

    Without a name: on the first check that did not pass in the last run. Raises UsageError when there is none such.
    """
    name = _named(lab, check) if check else _first_failed(space, lab)
    memory = space.git.folder / "seamwork" / "hints.json"
    given = json.loads(memory.read_text("utf-8")) if memory.is_file() else {}
    key = f"{lab.number}:{name}"
    step = min(given.get(key, 0) + 1, STEPS)
    memory.parent.mkdir(exist_ok=True)
    memory.write_text(json.dumps({**given, key: step}), encoding="utf-8")
    return Hint(name, step, lab.checks[name].hints[lang][step - 1])


def _named(lab: Lab, check: str) -> str:
    for name in lab.checks:
        if check in (name, name.removeprefix("test_")):
            return name
    raise UsageError(
        N_("Lab {lab} has no check {check!r}."),
        N_("It has: {checks}."),
        lab=lab.name,
        check=check,
        checks=", ".join(name.removeprefix("test_") for name in lab.checks),
    )


def _first_failed(space: Workspace, lab: Lab) -> str:
    latest = space.path / "runs" / "latest" / "results.json"
    if not latest.is_file():
        raise UsageError(
            N_("There is no run yet to give a hint on."), N_("Run seamwork check {number} first."), number=lab.number
        )
    ran = json.loads(latest.read_text("utf-8"))["checks"]
    for wanted in ("failed", "blocked"):
        for check in ran:
            if check["outcome"] == wanted and check["name"] in lab.checks:
                return str(check["name"])
    raise UsageError(
        N_("In the last run nothing of lab {lab} failed."), N_("Name a check: seamwork hint {lab} NAME"), lab=lab.number
    )
