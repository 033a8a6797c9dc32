"""Names of files, as an archive or a folder has them: what leads out is refused, what tools leave behind is left out."""

from __future__ import annotations

import re

from checker.errors import N_
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, shown

__all__ = ["left_out", "parts_of"]

_DEEPEST = 40
_LONGEST = 255  # bytes of one part: what file systems take
_LONGEST_PATH = 1_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_JUNK = {
    *{"__MACOSX", ".DS_Store", "Icon\r", "Thumbs.db", "desktop.ini"},
    *{".git", ".hg", ".svn", ".idea", ".vscode"},
    *{".venv", "venv", "node_modules", ".tox", "__pycache__", ".ipynb_checkpoints"},
    *{".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"},
}
_JUNK_AT_TOP = {"runs", ".env"}
"""What a workspace's .gitignore names, and `seamwork pack` leaves out as well."""


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of a name, parted by ``/``; none for the top itself.

    Raises Malformed where it leads out of what it lies in, or no system could hold it.
    """
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or ".." in parts or (parts and _DRIVE.match(parts[0])):
        raise _refused(N_("{name!r} leads out of the archive."), name)
    if left_out(parts):
        return parts
    _hold_characters(name)
    if len(parts) > _DEEPEST:
        raise _refused(N_("{name!r} lies in more than {most} folders."), name, most=_DEEPEST)
    if len(name.encode()) > _LONGEST_PATH or any(len(part.encode()) > _LONGEST for part in parts):
        raise _refused(N_("{name!r} is too long a name."), name)
    return parts


def left_out(parts: tuple[str, ...]) -> bool:
    """Tell whether tools left this behind: caches, environments, repositories. Never part of the work."""
    return any(part in _JUNK or part.startswith("._") or part.endswith(".pyc") for part in parts) or (
        bool(parts) and parts[0] in _JUNK_AT_TOP
    )


def _hold_characters(name: str) -> None:
    if _SURROGATE.search(name):
        raise _refused(N_("The name {name!r} is not UTF-8."), name)
    if "\\" in name or _CONTROL.search(name):
        raise _refused(N_("The name {name!r} holds a character that a name may not hold."), name)


def _refused(message: str, name: str, **values: object) -> Malformed:
    return Malformed(message, SEAMWORK_PACK, name=shown(name), **values)
