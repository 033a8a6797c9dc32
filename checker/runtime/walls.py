"""Walls around a process that is to reach its own database and nothing else: the doors in them, seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.evidence import Loop

__all__ = ["Walls"]

CHUNK = 1 << 16
MOST = 16
"""Doors there can be."""


class Walls:
    """Around one process: each of ``ports`` on its own 127.0.0.1 leads to the same port on ours. A context manager.

    The launcher builds them, with :attr:`inside` and ``ports``, before the process begins. ``stand`` says whether it
    could: where the system does not let us, the process runs without.
    """

    def __init__(self, loop: Loop, ports: Sequence[int]) -> None:
        self.ports = tuple(ports)
        self.stand = False
        self._loop = loop
        self._outside, self.inside = socket.socketpair()
        self._servers: list[asyncio.Server] = []
        self._guests: set[asyncio.Future[None]] = set()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the doors, and send away who has come through them."""
        self._outside.close()
        self.inside.close()
        if self._servers:
            self._loop.run(self._close())

    def open(self) -> None:
        """Take the doors that were handed out, and open them. Called once, when the process has begun."""
        self.inside.close()
        _, doors, _, _ = socket.recv_fds(self._outside, CHUNK, MOST)
        self.stand = bool(doors)
        for port, door in zip(self.ports, doors, strict=self.stand):
            self._servers.append(self._loop.run(self._serve(socket.socket(fileno=door), port)))

    async def _serve(self, door: socket.socket, port: int) -> asyncio.Server:
        async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            guest = asyncio.ensure_future(_lead(reader, writer, port))
            self._guests.add(guest)
            guest.add_done_callback(self._guests.discard)

        return await asyncio.start_server(let_in, sock=door)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for guest in self._guests:
            guest.cancel()
        await asyncio.gather(*self._guests, return_exceptions=True)


async def _lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Carry bytes both ways between a guest and our ``port``, until both have ended."""
    with contextlib.suppress(OSError), contextlib.closing(writer):
        there, back = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.closing(back):
            await asyncio.gather(_carry(reader, back), _carry(there, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
