"""seamwork solution: ours, once yours has passed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.common import colour, lab_argument, open_lab, open_workspace, workspace_option
from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from checker.course import Tree

__all__ = ["command"]


@click.command(name="solution")
@lab_argument
@workspace_option
@click.option("--reveal", is_flag=True, help=N_("Now, although yours has not passed yet."))
def command(lab: str | None, workspace: Path | None, *, reveal: bool) -> None:
    space = open_workspace(workspace)
    asked = open_lab(space.course, space, lab)
    run = space.progress().get(asked.name)
    if not reveal and not (run and run.done):
        raise UsageError(
            N_("Yours has not passed lab {lab} yet; ours would take the fun out of it."),
            N_("If you want it all the same: seamwork solution {lab} --reveal"),
            lab=asked.number,
        )
    overlay = space.course.solution(asked)
    why = overlay.folder / "WHY.md"
    if why.is_file():
        click.echo(why.read_text("utf-8"))
    click.echo_via_pager(
        "".join(_diff(space.course.start(asked), space.course.end(asked)))
    ) if colour() else click.echo("".join(_diff(space.course.start(asked), space.course.end(asked))))


def _diff(start: Tree, end: Tree) -> Iterator[str]:
    from difflib import unified_diff  # noqa: PLC0415

    for path in sorted({*start, *end}):
        if start.get(path) != end.get(path):
            before, after = (
                tree[path].data.decode(errors="replace").splitlines(keepends=True) if path in tree else []
                for tree in (start, end)
            )
            yield from unified_diff(before, after, f"start/{path}", f"solution/{path}")
