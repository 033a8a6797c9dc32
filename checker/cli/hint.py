"""seamwork hint: where to look, what to do, almost the code; one step further each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.common import lab_argument, open_lab, open_workspace, tell, workspace_option
from checker.errors import N_, UsageError
from checker.language import language

if TYPE_CHECKING:
    from checker.course import Lab, Workspace

__all__ = ["command", "next_hint"]


@click.command(name="hint")
@lab_argument
@click.argument("check", required=False)
@workspace_option
def command(lab: str | None, check: str | None, workspace: Path | None) -> None:
    space = open_workspace(workspace)
    asked = open_lab(space.course, space, lab)
    name, step, words = next_hint(space, asked, check)
    tell(N_("{claim}\n"), claim=asked.checks[name].claim[language()])
    tell(N_("hint {step} of 3   {words}"), step=step, words=words)
    if step < 3:  # noqa: PLR2004  (there are three)
        tell(
            N_("next        mend it, or ask again: seamwork hint {lab} {check}"),
            lab=asked.number,
            check=name.removeprefix("test_"),
        )


def next_hint(space: Workspace, lab: Lab, check: str | None) -> tuple[str, int, str]:
    """Return the check, the step (1 to 3) and the words; each call goes a step further.

    Without a name: the first check that did not pass in the last run. Raises UsageError when there is none such.
    """
    name = _named(lab, check) if check else _first_failed(space, lab)
    memory = space.git.folder / "seamwork" / "hints.json"
    given = json.loads(memory.read_text("utf-8")) if memory.is_file() else {}
    key = f"{lab.number}:{name}"
    step = min(given.get(key, 0) + 1, 3)
    memory.parent.mkdir(exist_ok=True)
    memory.write_text(json.dumps({**given, key: step}), encoding="utf-8")
    return name, step, lab.checks[name].hints[language()][step - 1]


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
