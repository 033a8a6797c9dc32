"""seamwork hint: where to look, what to do, almost the code; one step further each time."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.common import lab_argument, open_lab, open_workspace, tell, workspace_option
from checker.errors import N_
from checker.language import language
from checker.session.hints import STEPS, next_hint

__all__ = ["command"]


@click.command(name="hint")
@lab_argument
@click.argument("check", required=False)
@workspace_option
def command(lab: str | None, check: str | None, workspace: Path | None) -> None:
    space = open_workspace(workspace)
    asked = open_lab(space.course, space, lab)
    name, step, words = next_hint(space, asked, check, language())
    tell(N_("{claim}\n"), claim=asked.checks[name].claim[language()])
    tell(N_("hint {step} of {steps}   {words}"), step=step, steps=STEPS, words=words)
    if step < 3:  # noqa: PLR2004  (there are three)
        tell(
            N_("next        mend it, or ask again: seamwork hint {lab} {check}"),
            lab=asked.number,
            check=name.removeprefix("test_"),
        )
