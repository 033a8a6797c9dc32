"""seamwork new: lay out a new lab, and say what to write in which file."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.common import tell
from checker.errors import N_

__all__ = ["command"]


@click.command(name="new")
@click.argument("name", metavar="13-caching")
@click.option("--course", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), hidden=True)
def command(name: str, folder: Path | None) -> None:
    from checker.course import root  # noqa: PLC0415
    from checker.verify import lay_out  # noqa: PLC0415

    course = (folder or root()).resolve()
    for file in lay_out(course, name):
        click.echo(f"  {file.relative_to(course)}")
    tell(
        N_("next     write them, add labs/{name}/wrong/<mistake>/NOTE.md, then: seamwork verify --lab {number}"),
        name=name,
        number=name[:2],
    )
