"""Where submissions lie: a folder, or a zip as a learning platform hands it out. What is in it, and how each is read."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Protocol, Self

from checker.course.tree import File
from checker.errors import N_, Blocked, UsageError
from checker.grader.intake.archives import MAX_ARCHIVE, told_apart
from checker.grader.intake.folders import read_folder
from checker.grader.intake.jail import Jail
from checker.grader.intake.malformed import shown
from checker.grader.intake.pile import Pile
from checker.grader.intake.zips import Held, read_entry, zip_names

__all__ = ["Folder", "Place", "Read", "Zipped", "read_bytes", "read_file"]

Read = Callable[[Jail], Mapping[str, File]]
"""Reads what was handed in. Raises Malformed or Blocked."""

_CHUNK = 1024 * 1024
_MAX_CLASS = 200_000  # entries of a platform's zip
_CONTENTS = 16 * 1024 * 1024  # bytes of its table of contents


class Place(Protocol):
    """What holds submissions side by side."""

    def names(self) -> Mapping[str, bool]:
        """Name what lies there, in order; true for a folder."""

    def reader(self, name: str) -> Read:
        """Return how to read one of them."""

    def text(self, name: str, most: int) -> bytes:
        """Return the bytes of a file of the platform's own."""

    def changed(self, name: str) -> float | None:
        """When a file was changed last, in seconds; None where that says nothing, as for a folder."""

    def inside(self, name: str) -> Place:
        """Return a folder in it as a place."""


class Folder:
    """A folder on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> Mapping[str, bool]:
        """Name what lies there; a link is neither followed nor left out."""
        try:
            with os.scandir(self.path) as entries:
                found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
        except OSError as reason:
            raise UsageError(
                N_("{path} cannot be read: {reason}."),
                N_("Name another folder."),
                path=self.path,
                reason=reason.strerror,
            ) from None
        return dict(sorted(found.items()))

    def reader(self, name: str) -> Read:
        """Read a folder here, an archive in the jail."""
        path = self.path / name
        if path.is_dir() and not path.is_symlink():
            return lambda _: read_folder(path)
        return lambda jail: read_file(path, jail)

    def text(self, name: str, most: int) -> bytes:
        """Return the bytes of a file of the platform's own."""
        with (self.path / name).open("rb") as file:
            return file.read(most)

    def changed(self, name: str) -> float | None:
        """Return when a plain file was changed last."""
        path = self.path / name
        return path.lstat().st_mtime if path.is_file() and not path.is_symlink() else None

    def inside(self, name: str) -> Folder:
        """Return a folder in it."""
        return Folder(self.path / name)


class Zipped:
    """A zip that a platform made, of everybody's submissions. It is never unpacked as a whole."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a zip. Raises Malformed, or what zipfile raises, for what is none, or none that a platform made."""
        with path.open("rb") as file, zipfile.ZipFile(Held(file, _CONTENTS)):
            pass  # it can be listed with what memory there is
        return cls(zipfile.ZipFile(path))

    def __init__(self, archive: zipfile.ZipFile, top: str = "") -> None:
        self._archive = archive
        self._top = top
        self._entries: dict[str, list[tuple[zipfile.ZipInfo, str]]] = {}
        for info, name in zip(archive.infolist(), zip_names(archive, _MAX_CLASS), strict=True):
            first, slash, rest = name.removeprefix(top).partition("/")
            if name.startswith(top) and first:
                self._entries.setdefault(first, []).append((info, slash + rest))

    def names(self) -> Mapping[str, bool]:
        """Name what lies at the top."""
        return {name: any(rest for _, rest in entries) for name, entries in sorted(self._entries.items())}

    def reader(self, name: str) -> Read:
        """Read a folder's entries in memory; an archive goes to the jail, still packed."""
        entries = self._entries[name]
        if any(rest for _, rest in entries):
            return lambda _: self._folder(entries)
        return lambda jail: self._file(entries[0][0], jail)

    def text(self, name: str, most: int) -> bytes:
        """Return the bytes of a file of the platform's own."""
        with self._archive.open(self._entries[name][0][0]) as file:
            return file.read(most)

    def changed(self, name: str) -> float | None:  # noqa: ARG002  (as the others)
        """Say nothing: platforms write here when they packed it."""
        return None

    def inside(self, name: str) -> Zipped:
        """Return a folder in it."""
        return Zipped(self._archive, f"{self._top}{name}/")

    def _folder(self, entries: list[tuple[zipfile.ZipInfo, str]]) -> Mapping[str, File]:
        pile = Pile()
        with told_apart():
            for info, rest in entries:
                read_entry(self._archive, info, rest.removeprefix("/"), pile)
        return pile.files

    def _file(self, info: zipfile.ZipInfo, jail: Jail) -> Mapping[str, File]:
        with tempfile.TemporaryFile() as whole:
            with told_apart(), self._archive.open(info) as packed:
                _copy(packed, whole)
            return jail.read(whole)


def read_file(path: Path, jail: Jail) -> Mapping[str, File]:
    """Read an archive on disk. Raises Malformed, or Blocked where it cannot be opened: a link is not followed."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return jail.read(file)
    except OSError as reason:
        raise Blocked(
            N_("{path} cannot be read: {reason}."),
            N_("See who may read it: ls -l {path}"),
            path=shown(path),
            reason=reason.strerror or str(reason),
        ) from None


def read_bytes(data: bytes, jail: Jail) -> Mapping[str, File]:
    """Read an archive that lay in another one."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return jail.read(file)


def _copy(packed: IO[bytes], to: IO[bytes]) -> None:
    left = MAX_ARCHIVE + 1
    while left > 0 and (part := packed.read(min(_CHUNK, left))):
        to.write(part)
        left -= len(part)
    to.flush()
