"""seamwork lab: JupyterLab on the workspace, quiet and on 127.0.0.1."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.cli.common import open_workspace, workspace_option
from checker.errors import N_
from checker.language import language

if TYPE_CHECKING:
    from checker.course import Workspace

__all__ = ["command"]


@click.command(name="lab", context_settings={"ignore_unknown_options": True})
@workspace_option
@click.option("--no-browser", is_flag=True, help=N_("Do not open a browser; print the address."))
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def command(workspace: Path | None, more: tuple[str, ...], *, no_browser: bool) -> None:
    space = open_workspace(workspace)
    _trust(space)
    settings = str(space.git.folder / "seamwork" / "jupyter")
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = os.environ.get("JUPYTERLAB_SETTINGS_DIR", settings)
    # Cells that begin with ! find seamwork, whether or not the environment was activated.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.chdir(space.path)
    options = [*_quiet(space), *_as_root(), *(["--no-browser"] if no_browser else []), *more]
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *options])  # noqa: S606  (our own interpreter)


def _quiet(space: Workspace) -> list[str]:
    """No news, no updates, no chatter; only this machine may come in; the lab's lesson is open."""
    return [
        f"--LabApp.app_settings_dir={Path(__file__).parent / 'jupyter'}",
        "--LabApp.extension_manager=readonly",
        "--ServerApp.log_level=WARN",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={space.path}",
        *(f"--LabApp.default_url=/lab/tree/{lesson}" for lesson in [_lesson(space)] if lesson),
    ]


def _as_root() -> list[str]:
    return ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _lesson(space: Workspace) -> str:
    """Return the notebook of the lab in progress, in the reader's language if there is one."""
    names = (f"notebooks/{space.lab.name}.{language()}.ipynb", f"notebooks/{space.lab.name}.ipynb")
    return next((name for name in names if (space.path / name).is_file()), "")


def _trust(space: Workspace) -> None:
    """Sign the lessons that are as the course brought them: what they put out is shown as it is meant to be."""
    from nbformat import reads  # noqa: PLC0415  (slow to import)
    from nbformat.sign import NotebookNotary  # noqa: PLC0415

    notary = NotebookNotary()  # type: ignore[no-untyped-call]
    for path, file in space.course.notebooks().items():
        theirs = space.path / path
        if theirs.is_file() and theirs.read_bytes() == file.data:
            notary.sign(reads(file.data.decode(), as_version=4))  # type: ignore[no-untyped-call]
