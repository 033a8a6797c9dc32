"""The notebook's face: ``%load_ext checker.notebook``, then ``%check``, ``%hint``, ``%up``, ``%request``, ``%sql``, ``%break``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Give the notebook its magics. IPython calls this."""
    from checker.notebook.magics import SeamworkMagics  # noqa: PLC0415  (IPython looks us up before it needs us)

    magics = SeamworkMagics(shell)
    shell.register_magics(magics)
    magics.desk.enter()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Let go of what was kept warm. IPython calls this."""
    shell.magics_manager.registry["SeamworkMagics"].desk.close()
