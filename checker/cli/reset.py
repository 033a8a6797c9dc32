"""seamwork reset: back to the start of a lab, with nothing lost."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.common import lab_argument, open_lab, open_workspace, tell, workspace_option
from checker.errors import N_

__all__ = ["command"]


@click.command(name="reset")
@lab_argument
@workspace_option
def command(lab: str | None, workspace: Path | None) -> None:
    from checker.course import reset  # noqa: PLC0415

    space = open_workspace(workspace)
    moved = reset(space, open_lab(space.course, space, lab))
    if moved.committed:
        tell(N_("What you had not committed yet is now the commit {message!r}."), message=moved.committed)
    if moved.branch:
        tell(N_("Your work is on the branch {branch}: git switch {branch} brings it back."), branch=moved.branch)
    tell(N_("You are at the start of lab {lab}."), lab=moved.lab.name)
