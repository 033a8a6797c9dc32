"""One caller's connection: its requests are read one after the other, and each meets its fault or is served."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

from checker.evidence.edge import KEEP, Call
from checker.evidence.faults import Act, Hold
from checker.evidence.framing import Response
from checker.evidence.headers import NotHTTPError

if TYPE_CHECKING:
    from checker.evidence.edge import Edge
    from checker.evidence.framing import Message

__all__ = ["Connection", "CutOffError", "close", "put", "reset"]

PIECE = 65_536
"""Bytes read at once."""

MOST = 16 * 2**20
"""Bytes of a message that are kept when it cannot be handed on at once."""


LINGER = 30.0


class CutOffError(Exception):
    """This connection has come to its end."""


class Connection:
    """What every edge does with a connection. Who derives from it says how a request is served."""

    def __init__(self, edge: Edge, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.edge = edge
        self.reader = reader
        self.writer = writer
        self.call: Call | None = None
        self.left = b""  # bytes that came and belong to the next request
        self.tunnel = False  # no more HTTP from here on

    async def run(self) -> None:
        """Serve it to its end. What it leaves open is closed, also when it is cancelled."""
        try:
            await self.serve_all()
            await close(self.writer)
        except CutOffError:
            await close(self.writer)
        except OSError:
            reset(self.writer)
        finally:
            if self.call is not None:
                self.edge.note(self.call, "not HTTP" if self.call.opaque else "closed before a reply")
            reset(self.writer)

    async def serve_all(self) -> None:
        """Go from request to request."""
        while (data := await self.read()) and (call := await self.next_call(data)):
            await self.meet(call)

    async def read(self) -> bytes:
        """Return what comes next from the caller; nothing at its end."""
        if self.left:
            data, self.left = self.left, b""
            return data
        return await self.reader.read(PIECE)

    async def next_call(self, data: bytes) -> Call | None:
        """Return the request that begins with ``data``, once its head is there; None if there is none."""
        call = self.call = self.begin()
        while data:
            self.take(call, data)
            if call.opaque or call.request.headed:
                break
            data = await self.read()
        if not call.raw.strip(b"\r\n"):  # a stray empty line, and the end
            self.call = None
            return None
        if not call.request.headed:
            call.opaque = self.tunnel = True
            call.there += call.raw[:KEEP]
        self.edge.arrived(call)
        return call

    def begin(self) -> Call:
        """Return a call of which nothing has come yet."""
        return Call(0.0, None)

    def take(self, call: Call, data: bytes) -> int:
        """Take from ``data`` what belongs to this request, and keep the rest; how much it was."""
        used = self.feed(call.request, data)
        call.raw += data[:used]
        self.left = data[used:]
        return used

    def feed(self, message: Message, data: bytes) -> int:
        """Return how much of ``data`` belongs to this message; all of it from where it turns out to be no HTTP."""
        try:
            return message.feed(data)
        except NotHTTPError:
            assert self.call is not None  # noqa: S101  (there is one while there is a message)
            self.call.opaque = self.tunnel = True
            return len(data)

    async def meet(self, call: Call) -> None:
        """Let the fault act that is due, or serve it."""
        fault = call.fault
        if fault is None or fault.act in (Act.DROP, Act.HALVE):
            await self.serve(call)
            return
        await self.whole(call)
        match fault.act:
            case Act.HANG:
                self.edge.note(call)
                await self.stays(fault.ended)
                raise CutOffError
            case Act.RESET:
                self.edge.note(call)
                reset(self.writer)
                raise CutOffError
            case Act.DELAY | Act.HOLD:
                await self._wait(call)
            case _:
                await self._answer(call)

    async def serve(self, call: Call) -> None:
        """Serve it as if there were no fault, but for ``spoil`` where an answer is to be spoilt."""
        raise NotImplementedError

    async def whole(self, call: Call, *, invited: bool = False) -> None:
        """Read a request to its end, or to ``MOST``; not where its body waits for our word, unless it was ``invited``."""
        if call.request.waits_for_continue and not invited:
            return
        while not (call.opaque or call.request.complete or len(call.raw) > MOST):
            data = await self.read()
            if not data:
                self.edge.note(call, "the caller left")
                raise CutOffError
            self.take(call, data)

    async def stays(self, event: asyncio.Event, seconds: float | None = None) -> bool:
        """Wait for the event, or so many seconds; False as soon as the caller has left. What comes meanwhile is kept."""
        gone = asyncio.ensure_future(self._gone())
        waiting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({gone, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return not gone.done() or waiting.done()
        finally:
            for task in (gone, waiting):
                task.cancel()
            await asyncio.gather(gone, waiting, return_exceptions=True)

    async def spoil(self, call: Call) -> None:
        """Do to the reply that was withheld what the fault says, and cut the connection."""
        raw, response, fault = bytes(call.withheld), call.response, call.fault
        if response is None or fault is None or fault.act is Act.DROP:
            status = response.status if response else None
            self.edge.note(call, f"answered {status}, and the answer was dropped", replied=False)
            raise CutOffError
        head = max(raw.find(b"\r\n\r\n") + 4, raw.find(b"\n\n") + 2)
        del response.body[response.size // 2 :]
        self.edge.note(call, "half of the body")
        put(self.writer, raw[: head + (len(raw) - head) // 2 if len(raw) > head else head // 2])
        await self.writer.drain()
        if not response.framed:  # an end without a reset would look whole
            await close(self.writer, abort=True)
        raise CutOffError

    async def _wait(self, call: Call) -> None:
        fault = call.fault
        assert fault is not None  # noqa: S101  (only called where one is due)
        if isinstance(fault, Hold):
            fault.arrived()
        if not await self.stays(fault.ended, fault.seconds or None):
            self.edge.note(call, "the caller left")
            raise CutOffError
        await self.serve(call)

    async def _answer(self, call: Call) -> None:
        assert call.fault is not None  # noqa: S101  (only called where one is due)
        over = call.fault.act is Act.RAW or call.opaque or not call.request.complete
        if call.fault.act is Act.RAW:
            raw = call.fault.answer.body
            call.back += raw[:KEEP]
        else:
            raw = call.fault.answer.wire(call.request, close=over)
            call.response = Response(KEEP, call.request)
            call.response.feed(raw)
        self.edge.note(call)
        await self.send(raw)
        if over or call.request.closes:
            raise CutOffError

    async def send(self, raw: bytes) -> None:
        """Send it to the caller; OSError if they are not there."""
        put(self.writer, raw)
        await self.writer.drain()

    async def _gone(self) -> None:
        """Return once the caller has left."""
        with contextlib.suppress(OSError):
            while data := await self.reader.read(PIECE):
                self.left = (self.left + data)[:MOST]  # more than this, and nobody will want it any more


def put(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write it; OSError where the connection has ended (uvloop would say RuntimeError)."""
    if writer.is_closing():
        raise ConnectionResetError
    writer.write(data)


async def close(writer: asyncio.StreamWriter, *, abort: bool = False) -> None:
    """Close it once what was written has gone out, or nobody has taken it for ``LINGER`` seconds."""
    with contextlib.suppress(OSError, TimeoutError, RuntimeError):  # uvloop: "the handler is closed"
        async with asyncio.timeout(LINGER):
            await _flushed(writer)
    reset(writer) if abort else writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Cut it: whoever is on the other side gets a reset (RST)."""
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.is_closing():
        with contextlib.suppress(OSError, RuntimeError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _flushed(writer: asyncio.StreamWriter) -> None:
    writer.transport.set_write_buffer_limits(high=0)
    await writer.drain()
