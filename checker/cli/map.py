"""seamwork map: who imports, calls and queries whom in your system. A picture; it decides no verdict."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.check import exit_on_hangup
from checker.cli.common import backing_option, colour, open_workspace, tell, unicode_ok, workspace_option
from checker.errors import N_, UsageError
from checker.language import language, translator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.coupling import CouplingMap, Numbers
    from checker.course import Workspace

__all__ = ["command"]

KINDS = (".svg", ".html", ".json")


@click.command(name="map")
@workspace_option
@backing_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    metavar="FILE",
    help=N_("Write the map there as well: .svg, .html or .json."),
)
@click.option(
    "--json", "as_json", is_flag=True, help=N_("Print the map as JSON, and nothing else, on standard output.")
)
def command(workspace: Path | None, backing: str, out: Path | None, *, as_json: bool) -> None:
    from checker.coupling import earlier, keep  # noqa: PLC0415

    exit_on_hangup()
    if out is not None and out.suffix not in KINDS:
        raise UsageError(
            N_("A map cannot be written as {file}."), N_("End its name in {kinds}."), file=out, kinds=", ".join(KINDS)
        )
    space = open_workspace(workspace)
    drawn = _observed(space, backing)
    before = earlier(space.path, drawn.lab)
    picture = keep(drawn, space.path, lang=language(), translate=translator(language()))
    if out is not None:
        out.write_text(_as(out.suffix, drawn, before), "utf-8")
    if as_json:
        click.echo(_as(".json", drawn, before), nl=False)
        return
    click.echo(_text(drawn, before))
    tell(N_("\npicture  {path}"), path=out or picture)


def _observed(space: Workspace, backing: str) -> CouplingMap:
    from checker.coupling import observe  # noqa: PLC0415
    from checker.runtime.ground import Ground  # noqa: PLC0415

    with Ground(space.course, backing=backing, statements=True) as ground:
        return observe(ground, space.lab, space.path)


def _as(kind: str, drawn: CouplingMap, before: Sequence[tuple[str, Numbers]]) -> str:
    from checker.coupling import render_page, render_svg  # noqa: PLC0415

    lang, translate = language(), translator(language())
    faces: dict[str, Callable[[], str]] = {
        ".svg": lambda: render_svg(drawn, lang=lang, translate=translate),
        ".html": lambda: render_page(drawn, lang=lang, translate=translate, earlier=before),
        ".json": lambda: json.dumps(drawn.as_dict(), ensure_ascii=False, indent=2) + "\n",
    }
    return faces[kind]()


def _text(drawn: CouplingMap, before: Sequence[tuple[str, Numbers]]) -> str:
    from checker.coupling import render_text  # noqa: PLC0415

    return render_text(
        drawn,
        lang=language(),
        translate=translator(language()),
        width=shutil.get_terminal_size((100, 24)).columns,
        color=colour(),
        unicode=unicode_ok(),
        earlier=before,
    )
