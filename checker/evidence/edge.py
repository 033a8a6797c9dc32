"""Where a caller meets a callee: a port, the faults that are on, and the calls that came."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from checker.errors import N_, EngineFault
from checker.evidence.faults import Faults, LiveFault
from checker.evidence.framing import Request, Response
from checker.evidence.logs import clean_body
from checker.evidence.ports import Port
from checker.ledger import BODY, EXCHANGES, Exchange

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine

    from checker.evidence.loop import Loop
    from checker.ledger import Ledger

__all__ = ["KEEP", "Call", "Edge"]

KEEP = BODY + 1
"""Bytes of a body that are kept: one more than are shown, to tell that there were more."""


@dataclass(eq=False)
class Call:
    """A request on its way, what has come back of it, and the fault that is due. An ``opaque`` one is no HTTP.

    ``raw``: the bytes of the request so far, as they came, until they are handed on. ``withheld``: those of a reply
    that is not handed on as it is.
    """

    at: float
    check: str | None
    request: Request = field(default_factory=lambda: Request(KEEP))
    response: Response | None = None
    opaque: bool = False
    fault: LiveFault | None = None
    raw: bytearray = field(default_factory=bytearray)
    withheld: bytearray = field(default_factory=bytearray)
    there: bytearray = field(default_factory=bytearray)  # bytes of an opaque one, capped
    back: bytearray = field(default_factory=bytearray)
    noted: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)  # for who waits until it is noted


class Edge(Faults):
    """One edge of the system: ``caller`` connects to ``port`` and means ``callee``. A context manager.

    It listens from the start until ``close()``. OSError if the port cannot be had. ``error`` is what first went wrong in
    it by our own fault: a check that finds one proves nothing.
    """

    error: EngineFault | None = None

    def __init__(
        self, loop: Loop, ledger: Ledger, caller: str, callee: str, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.loop = loop
        self.ledger = ledger
        self.caller = caller
        self.callee = callee
        self._port = Port(host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[Call, None] = {}
        self._noted: deque[Exchange] = deque(maxlen=EXCHANGES)
        self._marked = 0.0
        self._lock = threading.Lock()
        self.loop.run(self._listen())

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def port(self) -> int:
        """The port to connect to, the same for as long as this lives."""
        return self._port.number

    @property
    def url(self) -> str:
        """The address to give to the caller: "http://127.0.0.1:PORT"."""
        return f"http://{self._port.host}:{self.port}"

    @property
    def calls(self) -> list[Exchange]:
        """The calls that came since the last ``mark()``, oldest first; those without a reply so far among them."""
        with self._lock:
            waiting = [self._exchange(call, "") for call in self._waiting]
            found = [exchange for exchange in (*self._noted, *waiting) if exchange.at >= self._marked]
        return sorted(found, key=lambda exchange: exchange.at)

    def mark(self) -> None:
        """Begin to count ``calls`` anew."""
        self._marked = self.ledger.now()

    def close(self) -> None:
        """Cut every connection and give the port back. Doing so twice changes nothing."""
        self.closed = True
        if not self.loop.closed:
            self.loop.run(self._refuse())
        self._port.close()

    def arrived(self, call: Call) -> None:
        """Note, in the loop, that a request has come, and which fault is due."""
        call.at, call.check = self.ledger.now(), self.ledger.check
        with self._lock:
            self._waiting[call] = None
        call.fault = self.faulted(str(call.request))

    def note(self, call: Call, note: str = "", *, replied: bool = True) -> None:
        """Note, in the loop, what came of a call; ``replied``: whether its reply went back. Only the first note counts.

        It comes before the last byte of a reply, so that whoever has the reply finds it noted.
        """
        if call.noted:
            return
        call.noted = True
        call.done.set()
        exchange = self._exchange(call, note, replied=replied)
        with self._lock:
            self._waiting.pop(call, None)
            self._noted.append(exchange)
        if self.caller:
            self.ledger.exchange(exchange)

    def served(self, task: asyncio.Task[None]) -> None:
        """Forget a task that has ended, in the loop, but not what it may have raised."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and self.error is None:
            self.error = EngineFault(
                N_("The connection from {caller} to {callee} broke in our hands: {error!r}."),
                caller=self.caller or "?",
                callee=self.callee,
                error=error,
            )

    def _exchange(self, call: Call, note: str, *, replied: bool = True) -> Exchange:
        response = call.response if call.response is not None and call.response.headed else None
        status = response.status if response and replied else None
        return Exchange(
            caller=self.caller,
            callee=self.callee,
            request=clean_body(str(call.request).encode(), 300),
            at=call.at,
            status=status,
            seconds=None if status is None else self.ledger.now() - call.at,
            fault=call.fault.what if call.fault else None,
            note=note,
            sent=clean_body(bytes(call.there or call.request.body[:KEEP]), BODY, encoding=call.request.encoding),
            received=clean_body(
                bytes(call.back or (response.body if response else b"")),
                BODY,
                encoding=response.encoding if response else "",
            ),
            check=call.check,
        )

    async def _listen(self) -> None:
        self._port.listen(self._met)

    async def _refuse(self) -> int:
        await self._port.refuse()
        await asyncio.sleep(0)  # a task that never began would never close its socket
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        return len(tasks)

    def _met(self, sock: socket.socket) -> None:
        task = asyncio.ensure_future(self._serve(sock))
        self._tasks.add(task)
        task.add_done_callback(self.served)

    async def _serve(self, sock: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=sock)
        except BaseException:
            sock.close()
            raise
        await self._connection(reader, writer)

    def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Coroutine[None, None, None]:
        """Return what serves one connection until it ends, and then closes it."""
        raise NotImplementedError
