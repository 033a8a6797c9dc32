"""seamwork lab: JupyterLab on the workspace, quiet and on 127.0.0.1."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from checker.cli.common import open_workspace, workspace_option
from checker.errors import N_

__all__ = ["command"]


@click.command(name="lab", context_settings={"ignore_unknown_options": True})
@workspace_option
@click.option("--no-browser", is_flag=True, help=N_("Do not open a browser; print the address."))
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def command(workspace: Path | None, more: tuple[str, ...], *, no_browser: bool) -> None:
    space = open_workspace(workspace)
    quiet = ["--LabApp.extension_manager=readonly", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={space.path}"]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    settings = Path(__file__).parent / "jupyter"
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = os.environ.get(
        "JUPYTERLAB_SETTINGS_DIR", str(space.git.folder / "seamwork" / "jupyter")
    )
    os.chdir(space.path)
    os.execv(  # noqa: S606  (our own interpreter)
        sys.executable,
        [
            sys.executable,
            "-m",
            "jupyterlab",
            f"--LabApp.app_settings_dir={settings}",
            *quiet,
            *root,
            *(["--no-browser"] if no_browser else []),
            *more,
        ],
    )
