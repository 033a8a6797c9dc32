"""Archives are unpacked in processes of their own: bounded memory and CPU time, and nothing they could open or write.

zipfile and tarfile are Python over zlib, bz2 and lzma; what a hostile archive costs is bounded by their caller, but not
for what nobody foresaw: a header nested ten thousand deep, a table of contents that fills the memory, a defect in the C
below. Such an archive then costs its own process. One process is started; it forks one for each archive (2 ms), so that
no archive can do anything to the next.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

from checker.course.tree import File
from checker.errors import N_, Blocked
from checker.grader.intake.archives import MAX_ARCHIVE
from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed
from checker.grader.intake.pile import MAX_KEPT

__all__ = ["Jail"]

_PATIENCE = 120.0  # seconds for one archive; its process has less CPU time, and the machine may be busy
_MAX_ANSWER = MAX_KEPT + 32 * 1024 * 1024
_LENGTH = 8  # bytes that say how long the head of an answer is


class Jail:
    """Unpacks archives elsewhere. A context manager: its process ends with it, and with ours.

    Each archive has ``memory`` bytes and ``seconds`` of CPU time.
    """

    def __init__(self, *, memory: int = 1024 * 1024 * 1024, seconds: int = 20) -> None:
        self._limits = [str(memory), str(seconds)]
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # it leads its own group, of what it forked
            self._process.wait()
            self._process = None

    def read(self, file: IO[bytes]) -> dict[str, File]:
        """Return the files of an archive. Raises Malformed for a bad one, Blocked where its process failed."""
        size = os.fstat(file.fileno()).st_size
        if size > MAX_ARCHIVE:
            raise Malformed(
                N_("The archive has {size} bytes; at most {most} are read."),
                N_("Leave out what is not your work: `seamwork pack` does."),
                size=size,
                most=MAX_ARCHIVE,
            )
        with self._asked(file.fileno()) as answer:
            return _files(answer)

    @contextmanager
    def _asked(self, archive: int) -> Iterator[_Answer]:
        receive, send = os.pipe()
        try:
            try:
                socket.send_fds(self._connected(), [b"."], [archive, send])
            finally:
                os.close(send)
            yield _Answer(receive)
        except OSError as reason:
            self.__exit__()
            raise _silent(reason) from None
        finally:
            os.close(receive)

    def _connected(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", str(Path(__file__).with_name("jail_main.py")), *self._limits],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env={},
                    start_new_session=True,
                )
        return self._control


class _Answer:
    """What comes out of the pipe. Raises OSError where it ends early, grows past all caps or does not come."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._until = time.monotonic() + _PATIENCE
        self._left = _MAX_ANSWER

    def take(self, size: int) -> bytes:
        if size > self._left or size < 0:
            raise OSError(f"an answer of {size} bytes")
        self._left -= size
        parts = []
        while size:
            parts.append(self._some(size))
            size -= len(parts[-1])
        return b"".join(parts)

    def _some(self, size: int) -> bytes:
        ready, _, _ = select.select([self._pipe], [], [], max(0, self._until - time.monotonic()))
        if not ready:
            raise OSError(f"nothing came within {_PATIENCE:.0f} s")
        if not (part := os.read(self._pipe, min(size, 1 << 20))):
            raise OSError("it ended without a word")
        return part


def _files(answer: _Answer) -> dict[str, File]:
    head = _head(answer)
    if "problem" in head:
        message, move, values = head["problem"]
        raise Malformed(message, move, **values)
    return {path: File(answer.take(size), executable) for path, size, executable in head["files"]}


def _head(answer: _Answer) -> dict[str, Any]:
    raw = answer.take(int.from_bytes(answer.take(_LENGTH), "big"))
    with suppress(ValueError):
        if isinstance(head := json.loads(raw), dict):
            return head
    raise OSError("it said something that nobody understands")


def _silent(reason: OSError) -> Blocked:
    return Blocked(
        N_("The process that unpacks it failed: {reason}."),
        N_("Try again; where it stays like that, look at the file with care. {pack}"),
        reason=str(reason),
        pack=SEAMWORK_PACK,
    )
