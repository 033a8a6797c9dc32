"""seamwork solution: ours, once yours has passed."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.common import colour, lab_argument, open_lab, open_workspace, workspace_option
from checker.errors import N_
from checker.session.solution import solution_of

__all__ = ["command"]


@click.command(name="solution")
@lab_argument
@workspace_option
@click.option("--reveal", is_flag=True, help=N_("Now, although yours has not passed yet."))
def command(lab: str | None, workspace: Path | None, *, reveal: bool) -> None:
    space = open_workspace(workspace)
    why, diff = solution_of(space, open_lab(space.course, space, lab), reveal=reveal)
    if why:
        click.echo(why)
    click.echo_via_pager(diff) if colour() else click.echo(diff)
