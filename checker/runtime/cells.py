"""What a launcher asks when it starts somebody's program: in what cell it is to live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Cells", "Sandbox"]


class Cells(Protocol):
    """Describes the cell of each program, in the launcher's own terms."""

    def cell(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, uid: int | None, walled: bool
    ) -> Mapping[str, Any]:
        """Return what is to be changed of the request to start ``argv``: its "cell", its "env", ….

        ``uid``: the user that was asked for; ``walled``: it has a network of its own.
        """

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return what a process in a cell sees of ``env``."""


class Sandbox(Protocol):
    """Where a submission runs. ``kind`` is what results say."""

    kind: str

    @property
    def services(self) -> Cells:
        """Cells of what is handed in."""

    @property
    def servers(self) -> Cells:
        """Cells of its databases and brokers."""
