"""seamwork start: the next lab's beginning, merged into the learner's own work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.common import complete_lab, open_workspace, tell, workspace_option
from checker.errors import N_, UsageError
from checker.language import language, say

if TYPE_CHECKING:
    from checker.course import Moved

__all__ = ["command"]


@click.command(name="start")
@click.argument("lab", required=False, shell_complete=complete_lab)
@workspace_option
@click.option(
    "--fresh", is_flag=True, help=N_("Go on from our solution of the lab before; your work stays on a branch.")
)
@click.option("--continue", "go_on", is_flag=True, help=N_("After resolving conflicts."))
@click.option("--abort", is_flag=True, help=N_("Back to before a start that is in conflict."))
def command(lab: str | None, workspace: Path | None, *, fresh: bool, go_on: bool, abort: bool) -> None:
    from checker.course import abort_start, continue_start, start, start_fresh  # noqa: PLC0415

    space = open_workspace(workspace)
    if abort:
        abort_start(space)
        tell(N_("Back to where you were, at lab {lab}."), lab=space.lab.name)
        return
    if go_on:
        _say(continue_start(space))
        return
    if lab is None:
        raise UsageError(N_("Which lab?"), N_("For example: seamwork start 01"))
    wanted = space.course.lab(lab)
    _say(start_fresh(space, wanted) if fresh else start(space, wanted))


def _say(moved: Moved) -> None:
    if moved.committed:
        tell(N_("What you had not committed yet is now the commit {message!r}."), message=moved.committed)
    if moved.branch:
        tell(N_("Your own work is on the branch {branch}: git switch {branch} brings it back."), branch=moved.branch)
    if moved.conflicts:
        _say_conflicts(moved)
        raise SystemExit(1)
    tell(N_("You are at lab {lab}: {title}."), lab=moved.lab.name, title=moved.lab.title[language()])
    tell(
        N_("next     read notebooks/{lab}, or: seamwork lab   ·   seamwork check {number}"),
        lab=moved.lab.name,
        number=moved.lab.number,
    )


def _say_conflicts(moved: Moved) -> None:
    tell(N_("Your work and the lab's beginning touch the same lines:"))
    for conflict in moved.conflicts:
        click.echo(f"    {conflict.path}   {say(conflict.how)}")
    tell(N_("Write each as it should be, `git add` it, then: seamwork start --continue"))
    tell(N_("Not now? seamwork start --abort brings everything back as it was."))
