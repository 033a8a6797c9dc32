"""seamwork heal: take the faults back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from checker.cli.common import tell, workspace_option
from checker.cli.shop import open_up, words
from checker.errors import N_

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(name="heal")
@click.argument("service", required=False)
@workspace_option
def command(service: str | None, workspace: Path | None) -> None:
    state = open_up(workspace).heals(service)
    if state.faults:
        tell(N_("{service} is whole again. Still broken:"), service=service)
        click.echo("\n".join(words().faults(state)))
    else:
        tell(N_("Nothing is broken any more."))
