"""A witness to what processes read of a folder: as long as nothing of that has changed, they would read the same again."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Witness"]

LEFT_OUT = {".git", ".venv", "__pycache__", "runs", "notebooks", ".ipynb_checkpoints", ".pytest_cache"}
"""Folders in which nothing is that a process of the learner's runs on."""


class Witness:
    """Begins before the processes do. ``scratch`` is a folder for their reports.

    The Procfile counts as read, and which files there are at all: a new one may stand in the way of another. One process of which nothing
    is known (started cold, killed, or with children of its own) makes the witness blind: then nothing :meth:`holds`.
    """

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder, self._scratch = folder, scratch
        self._before = {name: _digest(folder / name) for name in _names(folder)}
        self._reports: list[Path] = []
        self._read: set[str] | None = None

    def report(self) -> Path:
        """Return where the next process is to tell what it read."""
        self._reports.append(self._scratch / f"read-{next(_numbers)}.json")
        return self._reports[-1]

    def holds(self) -> bool:
        """Tell whether all that was read, and which files there are, is as it was when the witness began."""
        read = self._heard()
        if read is None or set(_names(self._folder)) != set(self._before):
            return False
        return all(_digest(self._folder / name) == self._before.get(name) for name in {"Procfile", *read})

    def _heard(self) -> set[str] | None:
        """Return what all processes read; None when that is not known."""
        if self._read is None:
            try:
                told = [json.loads(report.read_text("utf-8")) for report in self._reports]
                self._read = {name for names in told for name in names}
            except (OSError, ValueError, TypeError):
                return None
        return self._read


def _names(folder: Path) -> Iterator[str]:
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        below = Path(top).relative_to(folder)
        yield from (str(below / name) for name in files)


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


_numbers = itertools.count(1)
