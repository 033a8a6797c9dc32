"""Files as they come out of an archive, a folder or a repository, held to the caps while they are read."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from checker.course.pack import MAX_FILE, MAX_FILES, MAX_TOTAL
from checker.course.tree import File
from checker.errors import N_
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, shown
from checker.grader.intake.names import left_out, parts_of

__all__ = ["MAX_ENTRIES", "MAX_KEPT", "MAX_KEPT_FILES", "Pile", "hold_sizes"]

MAX_ENTRIES = 50_000
"""Entries in all, also of what is left out: a forgotten environment has some 20,000."""
MAX_KEPT_FILES = 12 * MAX_FILES
MAX_KEPT = 4 * MAX_TOTAL
"""Files, and their bytes, of all trees that `seamwork pack` packs together."""

_CHUNK = 64 * 1024
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz")


class Pile:
    """Takes one entry after the other. ``files`` are those that count, by path."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self._entries = 0
        self._bytes = 0
        self._folders: set[str] = set()

    def entry(self, name: str) -> str:
        """Count an entry and return its path; "" for what is left out. Raises Malformed for what leads out."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise _too_many(self._entries - 1, MAX_ENTRIES, self.files)
        parts = parts_of(name)
        return "" if left_out(parts) else "/".join(parts)

    def announce(self, paths: Collection[str]) -> None:
        """Raise Malformed where so many paths are to come that reading them is a waste of time."""
        if len(paths) > MAX_KEPT_FILES:
            raise _too_many(len(paths), MAX_KEPT_FILES, paths)

    def add(self, path: str, read: Callable[[int], bytes], size: int, *, executable: bool) -> None:
        """Read a file of ``size`` bytes, as its header says, and keep it. Raises Malformed past a cap or a lie."""
        self._hold_place(path)
        self.announce([*self.files, path] if len(self.files) >= MAX_KEPT_FILES else [])
        most = MAX_TOTAL if path.lower().endswith(_ARCHIVES) else MAX_FILE
        if size > most:
            raise _too_large(path, size, most)
        data = _whole(read, most)
        if len(data) > most:
            raise _too_large(path, len(data), most)
        if len(data) != size:
            raise Malformed(
                N_("{path!r} is damaged: {size} bytes are announced, and {found} are there."),
                N_("Make the file anew and hand it in again."),
                path=shown(path),
                size=size,
                found=len(data),
            )
        self._hold_bytes(len(data))
        self.files[path] = File(data, executable)

    def _hold_place(self, path: str) -> None:
        above = [path[:at] for at, character in enumerate(path) if character == "/"]
        if path in self.files or path in self._folders or any(folder in self.files for folder in above):
            raise Malformed(N_("{path!r} is there twice."), SEAMWORK_PACK, path=shown(path))
        self._folders.update(above)

    def _hold_bytes(self, more: int) -> None:
        self._bytes += more
        if self._bytes > MAX_KEPT:
            raise Malformed(
                N_("Unpacked it is more than {most} bytes."),
                N_("Leave out what is not your work: `seamwork pack` does."),
                most=MAX_KEPT,
            )


def hold_sizes(sizes: Mapping[str, int]) -> None:
    """Raise Malformed where one tree has too many files, one that is too large, or too many bytes in all."""
    if len(sizes) > MAX_FILES:
        raise _too_many(len(sizes), MAX_FILES, sizes)
    largest = max(sizes, key=lambda path: sizes[path], default="")
    if sizes.get(largest, 0) > MAX_FILE:
        raise _too_large(largest, sizes[largest], MAX_FILE)
    if (total := sum(sizes.values())) > MAX_TOTAL:
        raise Malformed(
            N_("The files have {total} bytes in all; at most {most} are taken. The largest is {largest!r}."),
            N_("Leave out what is not your work: `seamwork pack` does."),
            total=total,
            most=MAX_TOTAL,
            largest=shown(largest),
        )


def _whole(read: Callable[[int], bytes], most: int) -> bytes:
    parts: list[bytes] = []
    left = most + 1
    while left > 0 and (part := read(min(_CHUNK, left))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _too_many(count: int, most: int, paths: Iterable[str]) -> Malformed:
    folders = Counter(posixpath.dirname(path) for path in paths).most_common(1)
    return Malformed(
        N_("There are {count} files or more; at most {most} are taken. Most of them are in {folder!r}."),
        N_("Leave out what is not your work: `seamwork pack` does."),
        count=count,
        most=most,
        folder=shown(folders[0][0] or ".") if folders else ".",
    )


def _too_large(path: str, size: int, most: int) -> Malformed:
    return Malformed(
        N_("{path!r} has {size} bytes or more; at most {most} are taken."),
        N_("Leave out what is not your work: `seamwork pack` does."),
        path=shown(path),
        size=size,
        most=most,
    )
