"""A compressed file, read from front to end in pieces that are never larger than asked for."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Any

from checker.errors import N_
from checker.grader.intake.malformed import Malformed

__all__ = ["MAX_STREAM", "Stream", "compression"]

MAX_STREAM = 512 * 1024 * 1024
"""Bytes that come out of one file, those of what is left out included."""

_CHUNK = 64 * 1024
_XZ_MEMORY = 128 * 1024 * 1024  # xz -9 needs 65 MB
_GZIP = 31  # zlib's window bits for a gzip header


class _Deflated:
    """zlib's decompressor, in the form of those of bz2 and lzma."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, raw: bytes, size: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail or raw, size)


_COMPRESSIONS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": _Deflated,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
}


def compression(begin: bytes) -> bytes:
    """Return the magic bytes of a compression that a file begins with; b"" for none that is known here."""
    return next((magic for magic in _COMPRESSIONS if begin.startswith(magic)), b"")


class Stream:
    """What a file holds once it is decompressed. It raises EOFError where the file ends too early."""

    def __init__(self, file: IO[bytes], magic: bytes) -> None:
        self._file = file
        self._magic = magic
        self._inner: Any = _COMPRESSIONS[magic]() if magic else None
        self._ahead = b""  # read from the file, and not given to the decompressor yet
        self._left = MAX_STREAM

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes; b"" at the end. Raises Malformed past the cap."""
        data = self._decompressed(size) if self._magic else self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Malformed(
                N_("Unpacked it is more than {most} bytes."),
                N_("Leave out what is not your work: `seamwork pack` does."),
                most=MAX_STREAM,
            )
        return data

    def drain(self) -> None:
        """Read to the end, where the checksum is."""
        while self.read(_CHUNK):
            pass

    def _decompressed(self, size: int) -> bytes:
        while not self._inner.eof or self._goes_on():
            raw = self._raw() if self._inner.needs_input else b""
            if data := self._inner.decompress(raw, size):
                return bytes(data)
        return b""

    def _raw(self) -> bytes:
        raw, self._ahead = self._ahead or self._file.read(_CHUNK), b""
        if not raw:
            raise EOFError("it ends too early")
        return raw

    def _goes_on(self) -> bool:
        """Tell whether another part was appended, as all these formats allow; nothing else behind the end counts."""
        rest = self._ahead or self._inner.unused_data or self._file.read(_CHUNK)
        if not rest.startswith(self._magic):
            return False
        self._inner, self._ahead = _COMPRESSIONS[self._magic](), rest
        return True
