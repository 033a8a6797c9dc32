"""What `make` says at its end: what to type next."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from checker.cli.common import open_workspace, tell
from checker.errors import N_

__all__ = ["command"]


@click.command(name="welcome", hidden=True)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    open_workspace(folder)
    tell(N_("\nThe shop runs here. What to type next:\n"))
    if not _on_path():
        tell(N_("  {activate:<28} so that seamwork is found; once in each terminal"), activate=_activate())
    tell(N_("  {cd:<28} your workspace: the shop's code, yours from now on"), cd=f"cd {folder}")
    tell(N_("  seamwork up                  open the shop: http://127.0.0.1:8000/"))
    tell(N_("  seamwork lab                 the lessons, in JupyterLab"))
    tell(N_("  seamwork start 01            the first boundary"))


def _on_path() -> bool:
    """Whether typing seamwork finds this very program."""
    found = shutil.which("seamwork")
    return found is not None and Path(found).resolve().parent == Path(sys.argv[0]).resolve().parent


def _activate() -> str:
    scripts = Path(sys.executable).parent
    shell = Path(os.environ.get("SHELL", "")).name
    script = scripts / {"fish": "activate.fish", "csh": "activate.csh", "tcsh": "activate.csh"}.get(shell, "activate")
    if not script.is_file():
        return f'PATH="{scripts}:$PATH"'
    try:
        return f"source {script.relative_to(Path.cwd())}"
    except ValueError:
        return f"source {script}"
