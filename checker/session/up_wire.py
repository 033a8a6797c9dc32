"""Where a workspace's supervisor is met: a socket in a folder of one's own; one line of JSON there, one or more back."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import N_, EngineFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGEST", "Meeting", "answers", "receive", "send"]

LARGEST = 64 * 2**20
"""Bytes of one message."""
PRIVATE = 0o700


class Meeting:
    """The meeting place of one workspace: ``socket`` is its path, the same whoever asks from wherever.

    Not below TMPDIR or the workspace: a terminal and a notebook may differ in the one, and paths of sockets are limited
    to about a hundred characters.
    """

    def __init__(self, workspace: Path) -> None:
        name = hashlib.sha256(os.fsencode(workspace.resolve())).hexdigest()[:16]
        self.folder = _shared() / f"seamwork-{os.geteuid()}"
        self.socket = self.folder / f"{name}.sock"
        self._lock = self.folder / f"{name}.lock"

    def make_folder(self) -> None:
        """Have the folder, nobody else's and closed to others. Raises EngineFault when somebody took its name."""
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir(mode=PRIVATE)
        if not self._is_private():
            raise EngineFault(
                N_("{folder} is not a folder that only you can enter, so the shop cannot be reached safely there."),
                N_("Remove it, or have it removed: rm -r {folder}"),
                folder=str(self.folder),
            )

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one supervisor of this workspace for a while. Raises UsageError when there is one already."""
        self.make_folder()
        with self._lock.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    N_("The shop is just being started, or stopped, by another command."),
                    N_("Wait a moment, then: seamwork up"),
                ) from None
            try:
                yield
            finally:
                self._clear()

    @property
    def free(self) -> bool:
        """Whether no supervisor has this place, not even one that is still taking things down."""
        try:
            lock = self._lock.open()
        except OSError:
            return True
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def listen(self) -> socket.socket:
        """Return the socket that listens there; what a dead supervisor left is taken away."""
        self.socket.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket))
        listener.listen(16)
        return listener

    def connect(self) -> socket.socket | None:
        """Connect to the supervisor; None when there is none."""
        if not self._is_private():
            return None
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(str(self.socket))
        except OSError:
            sock.close()
            return None
        return sock

    def _is_private(self) -> bool:
        try:
            found = self.folder.lstat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077

    def _clear(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._lock.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another workspace is up
            self.folder.rmdir()


def answers(sock: socket.socket, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send a request, and go through what is answered until the other side ends."""
    with contextlib.suppress(OSError, ValueError):
        send(sock, request)
        with sock.makefile("rb") as stream:
            while line := stream.readline(LARGEST):
                yield json.loads(line)


def send(sock: socket.socket, message: dict[str, Any]) -> None:
    """Send a message. Raises OSError when the other side is gone."""
    sock.sendall(json.dumps(message).encode() + b"\n")


def receive(sock: socket.socket) -> dict[str, Any]:
    """Return the next message, {} when the other side ended. Raises ValueError for what is none."""
    with sock.makefile("rb") as stream:
        line = stream.readline(LARGEST)
    found = json.loads(line) if line else {}
    if not isinstance(found, dict):
        raise ValueError(found)  # noqa: TRY004  (for whoever reads: a message that is none)
    return found


def _shared() -> Path:
    tmp = Path("/tmp")  # noqa: S108  (a folder of mode 0700 in it)
    return tmp if os.access(tmp, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
