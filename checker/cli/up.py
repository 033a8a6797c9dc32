"""seamwork up: the learner's shop, running, with its backing services, until `down`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from checker.cli.common import backing_option, open_workspace, tell, workspace_option
from checker.cli.shop import words
from checker.errors import N_, ServiceFailed
from checker.session.up import Up
from checker.session.up_options import Options
from checker.session.up_start import start_up

if TYPE_CHECKING:
    from pathlib import Path

    from checker.course import Workspace
    from checker.session.up_server import Supervisor
    from checker.session.up_state import State

__all__ = ["command"]

LAST = 8
"""Log lines shown of a service that did not start."""
STAMP = 11
"""Characters of a log line's time, and what stands before its text."""


@click.command(name="up")
@workspace_option
@backing_option
@click.option(
    "--port",
    type=click.IntRange(1024, 65_000),
    metavar="PORT",
    default=8000,
    show_default=True,
    help=N_("The first service's; the others follow. One that is taken is replaced by a free one."),
)
@click.option("--foreground", is_flag=True, help=N_("Stay here and show the logs; Ctrl-C takes it down."))
@click.option("--restart", is_flag=True, help=N_("Begin again: new databases, every process anew."))
@click.option("--no-reload", is_flag=True, help=N_("Do not start the services again when a file is saved."))
@click.option("--cold", is_flag=True, help=N_("Start every process from nothing, without the preloaded fork server."))
def command(
    workspace: Path | None, backing: str, port: int, *, foreground: bool, restart: bool, no_reload: bool, cold: bool
) -> None:
    space = open_workspace(workspace)
    up = Up(space.path)
    if up.running:
        _say(
            up.restart() if restart else up.state(),
            N_("{lab} has begun again.") if restart else N_("{lab} is up already."),
        )
        return
    options = Options(backing=backing, cold=cold, port=port, reload=not no_reload)
    try:
        _foreground(space, options) if foreground else _background(space, options)
    except ServiceFailed as error:
        _last_lines(space.path, error.service)
        raise


def _background(space: Workspace, options: Options) -> None:
    _say(start_up(space, options), N_("{lab} is up."))


def _foreground(space: Workspace, options: Options) -> None:
    from checker.session.up_server import supervise  # noqa: PLC0415  (with all that a system needs)

    def ready(supervisor: Supervisor) -> None:
        _say(supervisor.shop.state(), N_("{lab} is up; Ctrl-C takes it down."))
        threading.Thread(target=_print_logs, args=(supervisor,), daemon=True).start()

    supervise(space, options, ready)
    tell(N_("The shop is down."))


def _print_logs(supervisor: Supervisor) -> None:
    after = 0
    while not supervisor.ended.is_set():
        found = supervisor.scribe.lines(after=after, wait=1.0)
        for process, text in found.lines:
            click.echo(f"{process} | {text}")
        after = found.upto


def _say(state: State, headline: str) -> None:
    tell(headline, lab=state.lab)
    click.echo(words().state(state))
    tell(N_("\nopen     {page}"), page=state.page)
    tell(
        N_("next     seamwork request {service} GET /health · seamwork logs -f · seamwork down"),
        service=state.services[0].name,
    )


def _last_lines(workspace: Path, service: str) -> None:
    log = workspace / "runs" / "up" / f"{service}.log"
    if log.is_file():
        for text in log.read_text("utf-8", errors="replace").splitlines()[-LAST:]:
            click.echo(f"    {service} | {text[STAMP:]}", err=True)
