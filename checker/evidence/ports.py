"""A port on 127.0.0.1 that stays ours while nobody listens on it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Port"]

BACKLOG = 512
_SHARE = socket.SO_REUSEADDR if sys.platform == "linux" else getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR)
"""What lets two sockets of ours be bound to one port, as long as at most one of them listens."""


class Port:
    """A port kept by a socket that never listens, and a second one that does, now and then.

    While nothing listens the system refuses who connects, and gives the number to nobody else.
    OSError if ``number`` (0: any that is free) cannot be had.
    """

    def __init__(self, host: str, number: int) -> None:
        self._kept = _bound(host, number)
        self.host = host
        self.number: int = self._kept.getsockname()[1]
        self._listener: socket.socket | None = None

    def listen(self, met: Callable[[socket.socket], None]) -> None:
        """Hand each connection to ``met``, in the running loop. Nothing happens if it listens already."""
        if self._listener is None:
            self._listener = _bound(self.host, self.number)
            self._listener.listen(BACKLOG)
            self._accept_from(self._listener, met)

    async def refuse(self) -> None:
        """Stop listening, at once: once this returns, who connects is refused."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def close(self) -> None:
        """Give the port back."""
        for sock in (self._listener, self._kept):
            if sock is not None:
                sock.close()

    # A task that waits in sock_accept loses the socket it was about to get when it is cancelled; a callback does not.

    def _accept_from(self, listener: socket.socket, met: Callable[[socket.socket], None]) -> None:
        if listener is self._listener:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener, met)

    def _accept(self, listener: socket.socket, met: Callable[[socket.socket], None]) -> None:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionError):  # gone again before we looked
            return
        except OSError:  # out of descriptors: some will be free again
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener)
            loop.call_later(0.05, self._accept_from, listener, met)
            return
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        met(sock)


def _bound(host: str, number: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SHARE, 1)
        sock.setblocking(False)
        sock.bind((host, number))
    except BaseException:
        sock.close()
        raise
    return sock
