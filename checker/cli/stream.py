"""seamwork stream: what is in the broker of the shop that is up."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from checker.cli.common import workspace_option
from checker.cli.shop import complete_stream, open_up, words
from checker.errors import N_

if TYPE_CHECKING:
    from pathlib import Path

    from checker.session.up_streams import Look, Stream

__all__ = ["command"]


@click.command(name="stream")
@click.argument("name", required=False, shell_complete=complete_stream)
@workspace_option
@click.option(
    "--count", "-n", type=int, metavar="N", default=10, show_default=True, help=N_("So many of the newest entries.")
)
@click.option(
    "--json", "as_json", is_flag=True, help=N_("Print it as JSON, and nothing else: each field as it is in its entry.")
)
def command(name: str | None, workspace: Path | None, count: int, *, as_json: bool) -> None:
    """Without a name: which streams there are. With one: its newest entries, who reads it, and what is not acknowledged.

    It only looks: no entry counts as read for it.
    """
    up = open_up(workspace)
    found = up.stream(name, count) if name is not None else up.streams()
    click.echo(_plain(found) if as_json else words().streams(found, wide=not sys.stdout.isatty()))


def _plain(found: Look | list[Stream]) -> str:
    """Return JSON in ASCII, so that nothing that is in an entry acts upon a terminal."""
    plain = {"streams": [each.as_dict() for each in found]} if isinstance(found, list) else found.as_dict()
    return json.dumps(plain, indent=2).replace("\x7f", "\\u007f")
