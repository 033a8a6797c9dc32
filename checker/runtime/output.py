"""What a process writes, cut into lines for the ledger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.evidence.logs import LINE, clean_line

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Output"]

CHUNK = 1 << 16


class Output:
    """The read end of one process's output; each line goes to ``note``. ``open`` until every writer has closed the other end."""

    def __init__(self, note: Callable[[str], object], fd: int = -1) -> None:
        """Read from ``fd``, or from a new pipe, whose ``write_end`` is for whoever writes."""
        self.fd, self.write_end = (fd, -1) if fd >= 0 else os.pipe()
        self.open = True
        self._sink = note
        self._rest = b""
        self._skipping = False  # within a line that was longer than is kept
        os.set_blocking(self.fd, False)

    def read(self, chunks: int = 1) -> None:
        """Note the lines that are there, of at most so many chunks of 64 KiB. Does not wait."""
        for _ in range(chunks if self.open else 0):
            try:
                data = os.read(self.fd, CHUNK)
            except BlockingIOError:
                return
            if not data:
                self.open = False
                return
            self._take(data)

    def flush(self) -> None:
        """Note a last line that has no line end."""
        if self._rest:
            self._note(self._rest)
        self._rest = b""

    def close(self) -> None:
        """Note what is left, and let go of the pipe. Closing twice is fine."""
        if self.fd >= 0:
            self.flush()
            os.close(self.fd)
        self.fd, self.open = -1, False

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._note(line)
            self._skipping = False
        if len(self._rest) > LINE:
            self._note(self._rest)
            self._rest, self._skipping = b"", True

    def _note(self, line: bytes) -> None:
        if not self._skipping:
            self._sink(clean_line(line))
