"""A zip file, read in memory. zipfile reads the format; what it would trust is checked here first.

Only what is stored or deflated is read: zipfile inflates those piece by piece, but bzip2 and LZMA at one go, and 4 KB of
bzip2 can hold gigabytes. Overlapping entries (D. Fifield, "A better zip bomb", WOOT 2019) are refused, which Python does
by itself only since 3.11.8.
"""

from __future__ import annotations

import stat
import zipfile
from itertools import pairwise
from typing import IO, Any

from checker.course.tree import File
from checker.errors import N_
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, shown
from checker.grader.intake.pile import MAX_ENTRIES, Pile

__all__ = ["Held", "entry_name", "read_entry", "read_zip", "zip_names"]

_CONTENTS = 8 * 1024 * 1024  # bytes of the table of contents, which zipfile reads at one go
_ENCRYPTED = 0x1 | 0x40
_UTF8 = 0x800
_HEADER = 30  # bytes of a local header, without name and extra
_LINK = N_("{path!r} is a link, and no plain file.")
_DEVICE = N_("{path!r} is a device or a pipe, and no plain file.")


def read_zip(file: IO[bytes]) -> dict[str, File]:
    """Return the files within. Raises Malformed, or what zipfile raises for a damaged one."""
    pile = Pile()
    with zipfile.ZipFile(Held(file)) as archive:
        names = zip_names(archive)
        for info, name in zip(archive.infolist(), names, strict=True):
            read_entry(archive, info, name, pile)
    return pile.files


def zip_names(archive: zipfile.ZipFile, most: int = MAX_ENTRIES) -> list[str]:
    """Return the entries' names, whatever encoding they are in. Raises Malformed for too many, or overlapping ones."""
    infos = archive.infolist()
    if len(infos) > most:
        raise Malformed(
            N_("The archive has {count} entries; at most {most} are read."),
            N_("Leave out what is not your work: `seamwork pack` does."),
            count=len(infos),
            most=most,
        )
    _refuse_overlaps(infos, archive.start_dir)
    return [entry_name(info) for info in infos]


def read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, pile: Pile) -> None:
    """Add one entry to the pile, unless it is a folder or is left out."""
    path = pile.entry(name)
    if not path or name.endswith("/"):
        return
    _refuse_kind(info, path)
    with archive.open(info) as body:
        pile.add(path, body.read, info.file_size, executable=bool(info.external_attr >> 16 & stat.S_IXUSR))


def entry_name(info: zipfile.ZipInfo) -> str:
    r"""Return an entry's name with ``/`` between its parts.

    The format knows code page 437 and, marked, UTF-8. In the wild unmarked names are UTF-8 (macOS) or GB2312 (Windows in
    Chinese) as well; a name that is valid there is none that people write in code page 437. A ``\`` is a separator that
    .NET wrote.
    """
    name = info.orig_filename
    if not info.flag_bits & _UTF8 and not name.isascii():
        name = _decoded(name.encode("cp437"))
    return name.replace("\\", "/")


def _decoded(raw: bytes) -> str:
    for encoding in ("utf-8", "gb2312"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def _refuse_overlaps(infos: list[zipfile.ZipInfo], end: int) -> None:
    spans = sorted((info.header_offset, info.compress_size + _HEADER, info.orig_filename) for info in infos)
    for (start, size, name), (after, _, _) in pairwise([*spans, (end, 0, "")]):
        if start + size > after:
            raise Malformed(
                N_("Entries of the zip lie over each other, {name!r} among them: no program packs like that."),
                SEAMWORK_PACK,
                name=shown(name),
            )


def _refuse_kind(info: zipfile.ZipInfo, path: str) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise Malformed(N_("{path!r} is locked with a password."), N_("Pack it without a password."), path=shown(path))
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Malformed(
            N_("{path!r} is packed by method {method}; only stored and deflated entries are read."),
            SEAMWORK_PACK,
            path=shown(path),
            method=info.compress_type,
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        message = _LINK if kind == stat.S_IFLNK else _DEVICE
        raise Malformed(message, N_("Put the file itself there."), path=shown(path))


class Held:
    """A file of which nobody reads more than ``most`` bytes at one go: a zip's table of contents is read so."""

    def __init__(self, file: IO[bytes], most: int = _CONTENTS) -> None:
        self._file = file
        self._most = most

    def read(self, size: int = -1) -> bytes:
        """Read as the file does. Raises Malformed for too much."""
        if size > self._most:
            raise Malformed(
                N_("The zip's table of contents has {size} bytes; at most {most} are read."),
                N_("Leave out what is not your work: `seamwork pack` does."),
                size=size,
                most=self._most,
            )
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
