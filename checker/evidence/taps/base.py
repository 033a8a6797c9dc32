"""What every tap is: a port before a server, and a pair of connections for each client that comes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self, cast

from checker.errors import N_, EngineFault
from checker.evidence.ports import Port
from checker.evidence.taps.link import Link
from checker.evidence.taps.orders import TapFault

if TYPE_CHECKING:
    from checker.evidence.loop import Loop
    from checker.evidence.proxy import Address
    from checker.ledger import Ledger

__all__ = ["Tap"]

CONNECT = 5.0
"""Seconds to reach the server."""


class Tap:
    """A proxy between ``caller``, one process, and ``callee``, a server at ``upstream``. A context manager.

    It listens from the start until ``close()``. OSError if the port cannot be had. ``error`` is what first went wrong in
    it by our own fault: a check that finds one proves nothing. Who derives from it says what a ``link`` is.
    """

    error: EngineFault | None = None
    closed = False

    def __init__(
        self,
        loop: Loop,
        ledger: Ledger,
        caller: str,
        callee: str,
        upstream: Address,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.loop = loop
        self.ledger = ledger
        self.caller = caller
        self.callee = callee
        self.upstream = upstream
        self.connections = 0
        self.lock = threading.Lock()
        self.faults: tuple[TapFault, ...] = ()
        self._links: dict[Link, None] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._knocking: set[asyncio.Task[None]] = set()  # those of them that wait for the server
        self._met = 0
        self._port = Port(host, port)
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
    def open_now(self) -> int:
        """How many connections are open; ``connections`` are those that ever were."""
        return sum(link.counted for link in tuple(self._links))

    def link(self, number: int) -> Link:
        """Return, in the loop, what carries the connection with this number: 1 is the first."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go who is held, cut every connection and give the port back. Doing so twice changes nothing."""
        if not self.closed and not self.loop.closed:
            self.heals()
            self.closed = True
            self.loop.run(self._refuse())
        self.closed = True
        self._port.close()

    def refuses(self) -> TapFault:
        """Stop listening, and cut every connection there is: the server is down. The port stays ours.

        Nobody can count who was refused: ``met`` counts the connections it cut.
        """
        fault = TapFault("refuses", self, countable=False)
        fault.met = self.loop.run(self._refuse())
        return self.on(fault)

    def heals(self) -> None:
        """End every fault: who is held goes on, who was refused may come."""
        self.ends(*self.faults)

    def ends(self, *faults: TapFault) -> None:
        """End these, as far as they are still on."""
        if faults and not self.closed:
            self.loop.run(self._heal(faults))
            self.ledger.fault(self.callee, "healed")

    def on(self, fault: TapFault) -> TapFault:
        """Switch a fault on."""
        with self.lock:
            self.faults = (fault, *self.faults)
        self.ledger.fault(self.callee, fault.what)
        return fault

    def counts(self, link: Link) -> None:
        """Count, in the loop, a connection that has turned out to be one of the callers'."""
        if not link.counted:
            link.counted = True
            self.connections += 1

    def gone(self, link: Link) -> None:
        """Forget, in the loop, a link that has ended on both sides."""
        self._links.pop(link, None)
        link.gone.set()

    def broke(self, error: Exception) -> None:
        """Keep what went wrong in our own hands; the first one counts."""
        if self.error is None:
            self.error = EngineFault(
                N_("The connection from {caller} to {callee} broke in our hands: {error!r}."),
                caller=self.caller or "?",
                callee=self.callee,
                error=error,
            )

    async def _listen(self) -> None:
        self._port.listen(self._accepted)

    async def _heal(self, faults: tuple[TapFault, ...]) -> None:
        with self.lock:
            self.faults = tuple(fault for fault in self.faults if fault not in faults)
        for fault in faults:
            fault.ended()
        if all(fault.countable for fault in self.faults):
            await self._listen()

    async def _refuse(self) -> int:
        await self._port.refuse()
        await asyncio.sleep(0)  # a task that never began would never close its socket
        for task in self._knocking:
            task.cancel()
        if opening := set(self._opening):
            await asyncio.wait(opening)
        links = tuple(self._links)
        for link in links:
            link.cut()
        for link in links:
            await link.gone.wait()
        return len(links)

    def _accepted(self, sock: socket.socket) -> None:
        task = asyncio.ensure_future(self._open(sock))
        self._opening.add(task)
        task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.broke(error)

    async def _open(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._met += 1
        link = self.link(self._met)
        try:
            await self._knock(link)
            self._links[link] = None
            await loop.connect_accepted_socket(lambda: link.front, sock)
        except OSError:  # a timeout is one
            self._give_up(link, sock)
        except BaseException:
            self._give_up(link, sock)
            raise

    async def _knock(self, link: Link) -> None:
        """Connect to the server; the one part of an opening that can be called off: it takes time, and owns no socket."""
        loop, task = asyncio.get_running_loop(), cast("asyncio.Task[None]", asyncio.current_task())
        self._knocking.add(task)
        try:
            async with asyncio.timeout(CONNECT):
                await loop.create_connection(lambda: link.back, *self.upstream)
        finally:
            self._knocking.discard(task)

    def _give_up(self, link: Link, sock: socket.socket) -> None:
        link.cut()
        self.gone(link)  # the loop tells nobody that a connection was lost which was still on its way
        _reset(sock)


def _reset(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
