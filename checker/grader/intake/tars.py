"""A tar file, plain or compressed, read in memory and once from front to end.

tarfile stops silently at a header that it does not understand, as if the archive ended there; half a hand-in would then
be graded as a whole one. So each header must be right, up to the empty block at the end, and so must the checksum of
what was compressed.
"""

from __future__ import annotations

import tarfile
from typing import IO

from checker.course.tree import File
from checker.errors import N_
from checker.grader.intake.malformed import Malformed, shown
from checker.grader.intake.pile import Pile
from checker.grader.intake.streams import MAX_STREAM, Stream

__all__ = ["read_tar"]

_EXTENDED = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}
_LONGEST = 16 * 1024  # bytes of a header's text, which tarfile searches in quadratic time (CVE-2024-6232)

_LINK = N_("{path!r} is a link, and no plain file.")
_DEVICE = N_("{path!r} is a device or a pipe, and no plain file.")
_HOLES = N_("{path!r} is a file with holes, as no program text is.")
_ODD = N_("{path!r} is of a kind that nobody knows, and no plain file.")


def read_tar(file: IO[bytes], magic: bytes = b"") -> dict[str, File]:
    """Return the files within. Raises Malformed, or what tarfile and the decompressors raise for a damaged one."""
    pile = Pile()
    stream = Stream(file, magic)
    with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Strict) as archive:  # type: ignore[call-overload]  # it reads
        while (member := archive.next()) is not None:
            archive.members.clear()  # or 50,000 of them stay in memory
            _read_member(archive, member, pile)
            if archive.offset > MAX_STREAM:  # tarfile would look for the next header there, block after block
                raise tarfile.ReadError("it claims to be endless")
    stream.drain()
    return pile.files


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo, pile: Pile) -> None:
    path = pile.entry(member.name)
    if not path or member.isdir():
        return
    body = archive.extractfile(member) if member.isreg() and not member.issparse() else None
    if body is None:
        raise Malformed(_kind(member), N_("Put the file itself there."), path=shown(path))
    pile.add(path, body.read, member.size, executable=bool(member.mode & 0o100))


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return _LINK
    if member.isdev():
        return _DEVICE
    return _HOLES if member.issparse() else _ODD


class _Strict(tarfile.TarInfo):
    """A header that is right, or an error: nothing that ends the archive early."""

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> _Strict:  # type: ignore[override]  # as it is called
        try:
            found = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # an empty block: the right end
            raise
        except tarfile.HeaderError as reason:
            raise tarfile.ReadError(str(reason)) from None
        if found.size < 0 or (found.type in _EXTENDED and found.size > _LONGEST):
            raise tarfile.ReadError(f"a header of {found.size} bytes")
        return found
