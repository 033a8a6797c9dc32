"""seamwork logs: what the services that are up wrote, and write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.common import tell, workspace_option
from checker.cli.shop import open_up
from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from checker.session.up import Up

__all__ = ["command"]


@click.command(name="logs")
@click.argument("processes", nargs=-1, metavar="[PROCESS]...")
@workspace_option
@click.option("--follow", "-f", is_flag=True, help=N_("Go on as they write; Ctrl-C ends."))
@click.option(
    "--last",
    "-n",
    type=click.IntRange(0),
    metavar="N",
    default=50,
    show_default=True,
    help=N_("So many lines of what there is."),
)
def command(processes: tuple[str, ...], workspace: Path | None, last: int, *, follow: bool) -> None:
    up = open_up(workspace)
    known = up.processes()
    for process in processes:
        if process not in known:
            raise UsageError(
                N_("No process is called {process!r}."),
                N_("There are: {known}."),
                process=process,
                known=", ".join(known),
            )
    column = max(map(len, processes or known))
    for process, text in _follow(up, processes, last) if follow else up.lines(processes, last=last):
        click.echo(f"{process:<{column}} | {text}")


def _follow(up: Up, processes: tuple[str, ...], last: int) -> Iterator[tuple[str, str]]:
    try:
        yield from up.follow(processes, last=last)
    except KeyboardInterrupt:
        return
    except UsageError:
        tell(N_("The shop is down."))
