"""seamwork down: take down what `up` started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from checker.cli.common import tell, workspace_option
from checker.cli.shop import open_up
from checker.errors import N_

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(name="down")
@workspace_option
def command(workspace: Path | None) -> None:
    up = open_up(workspace)
    if not up.running:
        tell(N_("The shop of {workspace} is not up; there is nothing to take down."), workspace=up.workspace)
        return
    up.stop()
    tell(N_("The shop is down, and its databases with it. Its logs are in runs/up."))
