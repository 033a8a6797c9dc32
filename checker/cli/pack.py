"""seamwork pack: the file that is handed in."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.common import open_workspace, tell, workspace_option
from checker.errors import N_

__all__ = ["command"]


@click.command(name="pack")
@workspace_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help=N_("Where to; default: beside your Procfile."),
)
def command(workspace: Path | None, out: Path | None) -> None:
    from checker.course import pack, pack_name  # noqa: PLC0415

    space = open_workspace(workspace)
    packed = pack(space, out or space.path / pack_name(space))
    tell(
        N_("{path} holds {files} files, {size} KiB: this is what you hand in."),
        path=packed.path,
        files=packed.files,
        size=packed.path.stat().st_size // 1024 + 1,
    )
