"""seamwork run: a process that is only called, by hand, on what the shop that is up stands on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from checker.cli.common import tell, workspace_option
from checker.cli.shop import complete_process, open_up
from checker.errors import N_
from checker.language import say

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]

SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a process."""


@click.command(name="run")
@click.argument("process", shell_complete=complete_process)
@workspace_option
def command(process: str, workspace: Path | None) -> None:
    """PROCESS: SERVICE-release, -revert, -drift, -backfill or -test. Its exit code is this command's.

    It is told what the running service is told, and -backfill the database that data moves from. -test has a new
    database, as the release process leaves it, and neighbours that do not answer.
    """
    try:
        code = open_up(workspace).run(process, click.echo)
    except KeyboardInterrupt:
        tell(N_("Stopped, and {process} with it."), process=process)
        sys.exit(130)
    if code:
        ended = (
            N_("{process} has ended, with exit code {code}.")
            if code > 0
            else N_("{process} was ended by signal {code}.")
        )
        click.echo(say(ended, process=process, code=abs(code)), err=True)
    sys.exit(code if code >= 0 else SIGNALLED - code)
