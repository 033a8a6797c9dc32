"""The socket to the launcher: each message is a length (4 bytes, big-endian) and JSON, some bring descriptors."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Sequence
from typing import Any

__all__ = ["Channel"]

CHUNK = 1 << 16
HEAD = 4


class Channel:
    """One end of it. Sending is safe from any thread, receiving is for one."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._lock = threading.Lock()
        self._input = b""

    def send(self, message: dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send a message and copies of the descriptors ``fds``. When the other end is gone, the reader notices."""
        data = json.dumps(message).encode()
        head = struct.pack("!I", len(data))
        with self._lock, contextlib.suppress(OSError):
            if fds:
                socket.send_fds(self.sock, [head], fds)
            else:
                self.sock.sendall(head)
            self.sock.sendall(data)

    def receive(self) -> list[dict[str, Any]] | None:
        """Return the messages that have arrived whole, None when the other end is closed. Waits for some bytes."""
        try:
            data = self.sock.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            return None
        self._input += data
        return list(iter(self._next, None))

    def _next(self) -> dict[str, Any] | None:
        if len(self._input) < HEAD:
            return None
        size = HEAD + int(struct.unpack("!I", self._input[:HEAD])[0])
        if len(self._input) < size:
            return None
        message: dict[str, Any] = json.loads(self._input[HEAD:size])
        self._input = self._input[size:]
        return message
