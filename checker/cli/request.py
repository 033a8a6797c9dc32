"""seamwork request: ask a service that is up, and see who asked whom meanwhile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from checker.cli.common import workspace_option
from checker.cli.shop import open_up, words
from checker.errors import N_
from checker.session.up_asked import CROWD, Asked

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]

MOST = 60
"""Lines of a body that are shown in a terminal."""


@click.command(name="request")
@click.argument("service")
@click.argument("method")
@click.argument("path")
@workspace_option
@click.option("--json", "body", default=None, metavar="JSON", help=N_("The body: '{\"user_id\": 3}'."))
@click.option("--header", "-H", "headers", multiple=True, metavar="NAME:VALUE", help=N_("A header. May be repeated."))
@click.option(
    "--timeout",
    type=click.FloatRange(0.01, 600),
    default=30.0,
    show_default=True,
    help=N_("Seconds to wait for the reply."),
)
@click.option(
    "--times", type=click.IntRange(1, CROWD), default=None, metavar="N", help=N_("So many of it at the same moment.")
)
@click.option("--whole", is_flag=True, help=N_("The whole body, however long."))
def command(
    service: str,
    method: str,
    path: str,
    *,
    workspace: Path | None,
    body: str | None,
    headers: tuple[str, ...],
    timeout: float,
    times: int | None,
    whole: bool,
) -> None:
    asked = Asked.of(service, method, path, body=body, headers=headers, timeout=timeout)
    try:
        if times is not None:
            answers = asked.ask_at_once(open_up(workspace), times)
            click.echo(words().answers(answers))
            sys.exit(0 if all(answer.status is not None for answer in answers) else 1)
        answer = asked.ask(open_up(workspace))
    except KeyboardInterrupt:
        sys.exit(130)
    click.echo(words().answer(answer, most=None if whole or not sys.stdout.isatty() else MOST))
    sys.exit(0 if answer.status is not None else 1)
