"""seamwork break: let a service that is up fail, as its neighbours see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from checker.cli.common import tell, workspace_option
from checker.cli.shop import open_up, words
from checker.errors import N_

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(name="break", context_settings={"ignore_unknown_options": False})
@click.argument("service")
@click.argument("how", nargs=-1, required=True, metavar="HOW")
@workspace_option
@click.option("--only", type=click.IntRange(1), default=None, metavar="K", help=N_("The k-th request from now alone."))
@click.option("--when", default="", metavar="START", help=N_("Requests that begin so alone: 'GET /users/'."))
def command(service: str, how: tuple[str, ...], workspace: Path | None, only: int | None, when: str) -> None:
    """HOW: hangs · resets · refuses · delays SECONDS · answers STATUS · drops-the-answer · half-a-body."""
    state = open_up(workspace).breaks(service, how, only=only, when=when)
    click.echo("\n".join(words().faults(state)))
    tell(N_("next     seamwork request … shows what its neighbours make of it · seamwork heal takes it back"))
