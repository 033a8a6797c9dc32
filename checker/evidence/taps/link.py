"""One client's connection, and the one to the server that goes with it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.evidence.taps.base import Tap

__all__ = ["Link", "Side"]


class Side(asyncio.Protocol):
    """One of a link's two ends. Who cannot be written to for now keeps the other from being read."""

    transport: asyncio.Transport | None = None
    other: Side
    ended = False  # nothing more will come from it
    finished = False  # nothing more is sent to it: what was held for it is lost with the connection
    full = False  # it takes no more for now

    def __init__(self, link: Link, received: Callable[[bytes], None]) -> None:
        self._link = link
        self._received = received
        self._paused: set[str] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; nothing is read before both ends are there."""
        self.transport = cast("asyncio.Transport", transport)
        if self.other.transport is None:
            self.pause("alone")
        else:
            self.other.resume("alone")
            self._link.begins()

    def data_received(self, data: bytes) -> None:
        """Hand on what came. What goes wrong there is our own fault, and ends the link."""
        try:
            self._received(data)
        except Exception as error:  # noqa: BLE001  (whatever it is: the check must know)
            self._link.tap.broke(error)
            self._link.cut()

    def eof_received(self) -> bool:
        """Pass the end on; the other direction may have more to say."""
        self.ended = True
        self._link.ended(self)
        return not self.other.ended

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the other end along."""
        self.ended = True
        self.transport = None
        self._link.lost(self, exc)

    def pause_writing(self) -> None:
        """Read no more from the other end."""
        self.full = True
        self.other.pause("full")

    def resume_writing(self) -> None:
        """Read on."""
        self.full = False
        self.other.resume("full")

    def pause(self, why: str) -> None:
        """Read nothing from this end, for one more reason."""
        self._paused.add(why)
        if self.transport is not None:
            with contextlib.suppress(RuntimeError):  # closing
                self.transport.pause_reading()

    def resume(self, why: str) -> None:
        """Take a reason away; where none is left, read on."""
        self._paused.discard(why)
        if not self._paused and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send it to this end, if it is still there."""
        if data and not self.finished and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def finish(self) -> None:
        """Tell this end that nothing more will come."""
        self.finished = True
        if self.transport is not None and not self.transport.is_closing():
            with contextlib.suppress(OSError, RuntimeError):
                self.transport.write_eof()

    def close(self) -> None:
        """Close it once what was written has gone out."""
        if self.transport is not None:
            self.transport.close()

    def reset(self) -> None:
        """Cut it: whoever is there gets a reset (RST)."""
        if self.transport is None:
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.transport.is_closing():
            with contextlib.suppress(OSError, RuntimeError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Link:
    """Both ends. Bytes pass as they are, unless who derives from it takes them: ``heard`` and ``answered``.

    All of it runs in the loop. ``counted``: whether it is one of the caller's connections (see ``Tap.counts``).
    """

    counted = False

    def __init__(self, tap: Tap, number: int) -> None:
        self.tap = tap
        self.number = number
        self.gone = asyncio.Event()
        self.front = Side(self, self.heard)  # towards the client
        self.back = Side(self, self.answered)  # towards the server
        self.front.other, self.back.other = self.back, self.front

    def begins(self) -> None:
        """Both ends are there."""
        self.tap.counts(self)

    def heard(self, data: bytes) -> None:
        """Take bytes of the client."""
        self.back.write(data)

    def answered(self, data: bytes) -> None:
        """Take bytes of the server."""
        self.front.write(data)

    def ended(self, side: Side) -> None:
        """Pass on that one side has said its last word."""
        side.other.finish()

    def lost(self, side: Side, error: Exception | None) -> None:
        """Take the other side along, in the manner of the one that went."""
        side.other.reset() if error is not None else side.other.close()
        if side.other.transport is None:
            self.over()
            self.tap.gone(self)

    def over(self) -> None:
        """Both ends are gone; called once or, where one never came, not at all."""

    def cut(self) -> None:
        """Cut both ends."""
        self.front.reset()
        self.back.reset()
