"""A recording proxy on one edge. Bytes pass as they are; HTTP/1.1 is read beside them, never rewritten."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from checker.evidence.connection import MOST, PIECE, Connection, CutOffError, close, put, reset
from checker.evidence.edge import KEEP, Call, Edge
from checker.evidence.faults import Act, LiveFault
from checker.evidence.framing import Response

if TYPE_CHECKING:
    from checker.evidence.loop import Loop
    from checker.ledger import Ledger

__all__ = ["Address", "HttpProxy", "TcpProxy"]

Address = tuple[str, int]
"""Host and port."""

CONNECT = 5.0
"""Seconds to reach the callee."""

GRACE = 0.1
"""Seconds for a reply after the caller said that nothing more will come, before it is noted that they left."""


class HttpProxy(Edge):
    """The edge from a caller to a callee that speaks HTTP/1.1.

    What is no HTTP passes as well, noted as such; but the caller must speak first. ``upstream`` is where the callee
    listens; it can be set at any time, the next request goes there. Without one, or where nobody listens, the caller's
    connection is closed and "refused" noted.
    """

    def __init__(
        self,
        loop: Loop,
        ledger: Ledger,
        caller: str,
        callee: str,
        upstream: Address | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.upstream = upstream
        super().__init__(loop, ledger, caller, callee, host=host, port=port)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _ProxyConnection(self, reader, writer).run()

    def due_midway(self) -> LiveFault | None:
        """Return the fault that meets what is already on its way through a tunnel, counted."""
        lasting = [f for f in self._faults if f.lasting and f.act in (Act.HANG, Act.RESET)]
        for fault in lasting[:1]:
            fault.met += 1
        return lasting[0] if lasting else None


class TcpProxy(HttpProxy):
    """The edge to a callee that speaks anything over TCP. A connection is one call, noted when it ends.

    Of the faults ``hangs`` and ``resets`` also meet connections that were there before. Those that need HTTP
    (``answers``, ``sends_half_a_body``) close the connection.
    """

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _TcpConnection(self, reader, writer).run()


class _ProxyConnection(Connection):
    """A caller's connection and the one to the callee that goes with it."""

    edge: HttpProxy

    def __init__(self, edge: HttpProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(edge, reader, writer)
        self._there: Address | None = None
        self._up: asyncio.StreamWriter | None = None
        self._pump: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            self._disconnect()

    async def serve_all(self) -> None:
        while data := await self.read():
            await self._settled()
            if self.tunnel:
                await self._pass_on(data)
            elif call := await self.next_call(data):
                await self.meet(call)
        await self._farewell()

    async def serve(self, call: Call) -> None:
        """Hand the request on as it comes; the reply is handed back by the pump."""
        up = await self._connected(call)
        if not call.opaque:
            call.response = Response(KEEP, call.request)
        put(up, bytes(call.raw))
        call.raw.clear()
        while not (call.request.complete or call.opaque):
            data = await self.read()
            if not data:
                break
            self.take(call, data)
            put(up, bytes(call.raw))
            call.raw.clear()
            await up.drain()

    async def _connected(self, call: Call) -> asyncio.StreamWriter:
        if self._up is not None and self._there == self.edge.upstream:
            if self._pump is None or self._pump.done():  # they closed it just now
                self.edge.note(call, "closed before a reply")
                raise CutOffError
            return self._up
        self._disconnect()
        try:
            self._there = self.edge.upstream
            host, port = self._there or _nowhere()
            async with asyncio.timeout(CONNECT):
                reader, self._up = await asyncio.open_connection(host, port)
        except OSError:  # a timeout is one
            self.edge.note(call, "refused")
            raise CutOffError from None
        self._pump = asyncio.ensure_future(self._hand_back(reader))
        self._pump.add_done_callback(self.edge.served)
        return self._up

    def _disconnect(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
        if self._up is not None:
            reset(self._up) if self._replying() else self._up.close()
        self._pump = self._up = None

    def _replying(self) -> bool:
        return self.call is not None and not self.call.noted

    async def _settled(self) -> None:
        """Wait until the request before has its reply: one after the other, also where they come in a row."""
        if self.call is not None and self._pump is not None and not self.tunnel:
            await self.call.done.wait()

    async def _farewell(self) -> None:
        """Tell the callee that nothing more will come, and wait for what it still has to say."""
        if self._up is None or self._pump is None:
            return
        with contextlib.suppress(OSError, RuntimeError):
            self._up.write_eof()
        if self.call is not None and not self.tunnel and not self.call.noted:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.call.done.wait(), GRACE)
            self.edge.note(self.call, "the caller left")
        await asyncio.wait({self._pump})

    async def _pass_on(self, data: bytes) -> None:
        """Pass on what is no HTTP, or no longer."""
        if self.call is not None and (fault := self.edge.due_midway()):
            self.call.fault = fault
            if fault.act is Act.HANG:
                self._hush()
                await self.stays(fault.ended)
            else:
                reset(self.writer)
            raise CutOffError
        if self._up is None:
            raise CutOffError
        if self.call is not None and self.call.opaque:
            self.call.there += data[: KEEP - len(self.call.there)]
        put(self._up, data)
        await self._up.drain()

    def _hush(self) -> None:
        if self._pump is not None:
            self._pump.cancel()

    async def _hand_back(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(PIECE):
                await self._reply(data)
                await self.writer.drain()
            await self._callee_ended()
        except CutOffError:
            await close(self.writer)
        except OSError:
            if self.call is not None:
                self.edge.note(self.call, "reset before a reply")
            reset(self.writer)
        finally:
            if self.call is not None:
                self.call.done.set()

    async def _reply(self, data: bytes) -> None:
        while data:
            call = self.call
            if call is None or call.response is None or self.tunnel or call.noted:
                self._pass_back(data)
                return
            used = self.feed(call.response, data)
            await self._hand(call, call.response, data[:used])
            data = data[used:]

    def _pass_back(self, data: bytes) -> None:
        if self.call is not None and self.call.opaque:
            self.call.back += data[: KEEP - len(self.call.back)]
        if not self._drops(self.call):
            put(self.writer, data)

    async def _hand(self, call: Call, response: Response, piece: bytes) -> None:
        """Hand a piece of a reply back, noted before its last byte."""
        if call.opaque or (response.complete and response.interim):
            call.response = Response(KEEP, call.request)
            self._pass_back(piece)
        elif call.fault is not None and call.fault.act in (Act.DROP, Act.HALVE):
            call.withheld += piece
            if response.complete or len(call.withheld) > MOST:
                await self.spoil(call)
        elif response.complete:
            self.tunnel = response.tunnels
            self.edge.note(call)
            put(self.writer, piece)
        else:
            put(self.writer, piece)

    def _drops(self, call: Call | None) -> bool:
        return call is not None and call.opaque and call.fault is not None and call.fault.act is Act.DROP

    async def _callee_ended(self) -> None:
        """Note what the end of the callee's side means for the call under way, and pass the end on."""
        call = self.call
        if self.tunnel:
            await _half_close(self.writer)
            return
        if call is not None and call.response is not None and not call.noted:
            if call.response.end():
                if call.fault is not None and call.fault.act in (Act.DROP, Act.HALVE):
                    await self.spoil(call)
                self.edge.note(call)
            else:
                self.edge.note(
                    call, "closed in the middle of a reply" if call.response.headed else "closed before a reply"
                )
        await close(self.writer)


class _TcpConnection(_ProxyConnection):
    """One where nothing is HTTP, from the first byte; the callee may speak first."""

    async def serve_all(self) -> None:
        call = self.call = Call(0.0, None, opaque=True)
        self.tunnel = True
        self.edge.arrived(call)
        if call.fault is not None and call.fault.act in (Act.ANSWER, Act.HALVE):
            return
        await self.meet(call)
        await super().serve_all()


async def _half_close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        await writer.drain()
        writer.write_eof()


def _nowhere() -> Address:
    raise ConnectionRefusedError
