"""An archive's bytes → files by path. What it is, its first bytes say and not its name."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from checker.course.tree import File
from checker.errors import N_
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed, shown
from checker.grader.intake.streams import compression
from checker.grader.intake.tars import read_tar
from checker.grader.intake.zips import read_zip

__all__ = ["MAX_ARCHIVE", "is_archive", "read_archive", "told_apart"]

MAX_ARCHIVE = 512 * 1024 * 1024
"""Bytes of an archive itself."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_RAR = N_("The file is a RAR archive; a zip or tar file is expected.")
_SEVEN = N_("The file is a 7-Zip archive; a zip or tar file is expected.")
_ZSTD = N_("The file is compressed by zstd; a zip file, or a tar file compressed by gzip, bzip2 or xz, is expected.")
_DOCUMENT = N_("The file is a document or a picture; a zip or tar file is expected.")
_PROGRAM = N_("The file is a program; a zip or tar file is expected.")
_UNKNOWN = N_("The file is no archive; a zip or tar file is expected.")
_OTHERS = {
    b"Rar!": _RAR,
    b"7z\xbc\xaf": _SEVEN,
    b"\x28\xb5\x2f\xfd": _ZSTD,
    b"%PDF": _DOCUMENT,
    b"\x89PNG": _DOCUMENT,
    b"\xff\xd8\xff": _DOCUMENT,
    b"\xd0\xcf\x11\xe0": _DOCUMENT,
    b"MZ": _PROGRAM,
    b"\x7fELF": _PROGRAM,
}
_BLOCK = 512


def is_archive(begin: bytes) -> bool:
    """Tell by a file's first 512 bytes whether it can be unpacked here."""
    return begin.startswith(_ZIP) or compression(begin) != b"" or _is_tar(begin)


def read_archive(file: IO[bytes]) -> dict[str, File]:
    """Return the files of a zip or tar archive. Raises Malformed, and nothing else, whatever the bytes are."""
    with told_apart():
        return _read(file)


@contextmanager
def told_apart() -> Iterator[None]:
    """Whatever is raised within becomes Malformed: zipfile and tarfile raise a dozen kinds for what is damaged."""
    try:
        yield
    except Malformed:
        raise
    except MemoryError:
        raise Malformed(N_("It takes more memory to unpack than it is given."), SEAMWORK_PACK) from None
    except Exception as reason:  # noqa: BLE001  (see above)
        raise Malformed(
            N_("The archive is damaged: {reason}."),
            N_("Make the file anew, see that it can be opened, and hand it in again."),
            reason=shown(f"{type(reason).__name__}: {reason}" if str(reason) else type(reason).__name__),
        ) from None


def _read(file: IO[bytes]) -> dict[str, File]:
    begin = file.read(_BLOCK)
    file.seek(0)
    if begin.startswith(_ZIP):
        return read_zip(file)
    if compression(begin) or _is_tar(begin):
        return read_tar(file, compression(begin))
    if not begin:
        raise Malformed(N_("The file is empty."), SEAMWORK_PACK)
    raise Malformed(
        next((words for magic, words in _OTHERS.items() if begin.startswith(magic)), _UNKNOWN), SEAMWORK_PACK
    )


def _is_tar(begin: bytes) -> bool:
    try:
        return bool(tarfile.TarInfo.frombuf(begin, "utf-8", "surrogateescape").name)
    except (tarfile.TarError, ValueError):
        return False
