"""seamwork pages: for authors, lay out the pages of the site; `make site` builds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from checker.cli.common import open_course
from checker.cli.main import COMMANDS
from checker.errors import N_, EngineFault
from checker.language import LANGUAGES

__all__ = ["command"]


@click.command(name="pages", hidden=True)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    from checker.cli.reference import reference  # noqa: PLC0415  (only when it is asked for)
    from checker.lessons.site import lay_out_site  # noqa: PLC0415

    told: list[str] = []

    def commands(words: Sequence[str], language: str) -> str:
        told.extend(words)
        return reference(words, language)

    for config in lay_out_site(open_course(), folder, {"commands": commands}):
        click.echo(config)
    for name in COMMANDS:
        if told.count(name) != len(LANGUAGES):
            raise EngineFault(
                N_("The site does not show the command {name} once in each language."),
                N_("Name it in a mark <!-- seamwork: commands … --> of site/*/cli.md."),
                name=name,
            )
