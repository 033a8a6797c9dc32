"""A folder on the instructor's disk that a learner filled: links are never followed, and only plain files are opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from checker.course.tree import File
from checker.errors import N_, Blocked
from checker.grader.intake.malformed import Malformed, shown
from checker.grader.intake.names import left_out
from checker.grader.intake.pile import Pile

__all__ = ["read_folder"]


def read_folder(folder: Path) -> dict[str, File]:
    """Return the files below. Raises Malformed for a link or a device, Blocked for what this machine cannot read."""
    pile = Pile()
    try:
        entries = [(path, entry) for parts, entry in _walk(str(folder), ()) if (path := pile.entry("/".join(parts)))]
        pile.announce([path for path, _ in entries])
        for path, entry in entries:
            _read(pile, path, entry)
    except OSError as reason:
        raise Blocked(
            N_("{path} cannot be read: {reason}."),
            N_("See who may read it: ls -l {path}"),
            path=shown(reason.filename or folder),
            reason=reason.strerror or str(reason),
        ) from None
    return pile.files


def _walk(folder: str, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = (*above, entry.name)
            yield path, entry
            if entry.is_dir(follow_symlinks=False) and not left_out(path):
                yield from _walk(entry.path, path)


def _read(pile: Pile, path: str, entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        return
    if _is_link(entry):
        raise Malformed(
            N_("{path!r} is a link, and no plain file."), N_("Put the file itself there."), path=shown(path)
        )
    if not entry.is_file():
        raise Malformed(
            N_("{path!r} is a device or a pipe, and no plain file."),
            N_("Put the file itself there."),
            path=shown(path),
        )
    with os.fdopen(os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        pile.add(path, file.read, about.st_size, executable=bool(about.st_mode & stat.S_IXUSR))


def _is_link(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink()
