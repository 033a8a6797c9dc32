"""seamwork sql: ask the database of a service that is up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from checker.cli.common import workspace_option
from checker.cli.shop import complete_service, open_up, words
from checker.errors import N_

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(name="sql")
@click.argument("service", shell_complete=complete_service)
@click.argument("query", metavar="SQL")
@workspace_option
@click.option(
    "--as",
    "login",
    default=None,
    metavar="OTHER",
    shell_complete=complete_service,
    help=N_("Knock with the login of another service."),
)
def command(service: str, query: str, *, login: str | None, workspace: Path | None) -> None:
    """Give it one statement or several, in quotes: the last result is shown, up to fifty rows of it. It has ten seconds."""
    rows = open_up(workspace).sql(service, query, login=login)
    click.echo(words().rows(rows, wide=not sys.stdout.isatty()))
