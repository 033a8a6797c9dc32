"""seamwork init: a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.common import complete_lab, open_course, tell
from checker.errors import N_, UsageError

__all__ = ["command"]


@click.command(name="init")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--at",
    default=None,
    metavar="LAB",
    shell_complete=complete_lab,
    help=N_("Begin at this lab, as if our solutions came before."),
)
@click.option("--solved", is_flag=True, help=N_("With --at: the end of that lab, by our solution."))
def command(folder: Path, at: str | None, *, solved: bool) -> None:
    from checker.course import init  # noqa: PLC0415

    if solved and at is None:
        raise UsageError(
            N_("--solved goes with --at."), N_("For example: seamwork init {folder} --at 01 --solved"), folder=folder
        )
    course = open_course()
    lab = course.lab(at) if at is not None else course.labs[0]
    workspace = init(folder, course, at=lab, solved=solved)
    tell(N_("{path} is your workspace, at lab {lab}: a git repository of your own."), path=workspace.path, lab=lab.name)
    tell(N_("next     cd {folder} && seamwork check {number}"), folder=folder, number=lab.number)
