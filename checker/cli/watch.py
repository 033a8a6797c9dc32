"""seamwork watch: check again on every save, with everything kept warm."""

from __future__ import annotations

from pathlib import Path

import click

from checker.cli.check import after, exit_on_hangup, keep, remember
from checker.cli.common import backing_option, lab_argument, open_lab, open_workspace, render, tell, workspace_option
from checker.errors import N_, SeamworkError

__all__ = ["command"]

UNWATCHED = {"runs", ".git", ".venv", "__pycache__", "notebooks", ".ipynb_checkpoints"}


@click.command(name="watch")
@lab_argument
@workspace_option
@backing_option
@click.option("--only", multiple=True, metavar="NAME", help=N_("Only this check, and what it builds on."))
@click.option("--once-more", "times", type=int, default=None, hidden=True)
def command(lab: str | None, workspace: Path | None, backing: str, only: tuple[str, ...], times: int | None) -> None:
    from watchfiles import watch  # noqa: PLC0415

    from checker.language import sentence  # noqa: PLC0415
    from checker.runtime.ground import Ground  # noqa: PLC0415

    exit_on_hangup()
    space = open_workspace(workspace)
    asked = open_lab(space.course, space, lab)
    with Ground(space.course, backing=backing, warm=True) as ground:
        ground.ready_for(space.path)
        from checker.session import check  # noqa: PLC0415

        saves = watch(space.path, watch_filter=_is_theirs(space.path), debounce=60, step=20, raise_interrupt=True)
        while True:
            click.clear()
            try:
                results = check(ground, asked, space.path, only=only)
                remember(space, results)
                click.echo(render(results))
                after(space, results, asked, keep(results, space.path, ground))
            except SeamworkError as error:
                click.echo(sentence(error), err=True)
            tell(N_("\nwatching {path} · Ctrl-C ends"), path=space.path)
            if times is not None and (times := times - 1) < 0:
                return
            next(saves)


def _is_theirs(root: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  (watchfiles' own callable type)
    def wanted(_change: object, path: str) -> bool:
        return not UNWATCHED & set(Path(path).relative_to(root).parts)

    return wanted
