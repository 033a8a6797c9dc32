"""An HTTP client that notes what it does. On bare sockets: for one deadline over all, and 0.1 ms a request."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from checker.errors import N_, EngineFault
from checker.evidence.asking import Ask, Content, converse
from checker.evidence.headers import Headers, NotHTTPError
from checker.evidence.logs import clean_body
from checker.evidence.no_reply import HalfAReplyError, NothingError, TooLargeError, words_for
from checker.evidence.reply import Reply
from checker.ledger import BODY, Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.evidence.framing import Response
    from checker.ledger import Ledger

__all__ = ["Client", "at_once"]

T = TypeVar("T")

TIMEOUT = 10.0
"""Seconds for a whole request, if nothing else is said."""

SERVER_ERROR = 500
IDLE = 1.0
"""Seconds after which an unused connection is not used again: the other side may be about to close it."""

_FAILURES = (OSError, NotHTTPError, NothingError, HalfAReplyError, TooLargeError)


@dataclass
class _Seen:
    at: float
    check: str | None
    response: Response | None = None
    headers: Headers = field(default_factory=lambda: Headers([]))
    seconds: float = 0.0
    note: str = ""


class Client:
    """A client of one service, ``callee`` at ``base_url`` ("http://127.0.0.1:PORT"), that speaks as ``name``.

    It keeps connections, follows no redirect, knows no proxy, no cookie and no compression, and never asks twice.
    Any number of threads may use it.
    """

    def __init__(self, ledger: Ledger, base_url: str, name: str = "you", callee: str = "") -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "http" or not parts.hostname:
            raise EngineFault(N_("A client needs an address like http://127.0.0.1:8000, not {url!r}."), url=base_url)
        self.base_url = base_url.rstrip("/")
        self.name = name
        self.callee = callee or parts.netloc
        self._ledger = ledger
        self._host = parts.netloc
        self._address = (parts.hostname, parts.port or 80)
        self._idle: deque[tuple[socket.socket, float]] = deque()  # and since when

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connections it keeps. It can be used again."""
        while self._idle:
            self._idle.pop()[0].close()

    def get(self, path: str, **how: Any) -> Reply:
        """GET; ``how`` as in ``request``."""
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> Reply:
        """POST; ``how`` as in ``request``."""
        return self.request("POST", path, **how)

    def put(self, path: str, **how: Any) -> Reply:
        """PUT; ``how`` as in ``request``."""
        return self.request("PUT", path, **how)

    def patch(self, path: str, **how: Any) -> Reply:
        """PATCH; ``how`` as in ``request``."""
        return self.request("PATCH", path, **how)

    def delete(self, path: str, **how: Any) -> Reply:
        """DELETE; ``how`` as in ``request``."""
        return self.request("DELETE", path, **how)

    def request(self, method: str, path: str, *, timeout: float = TIMEOUT, **content: Any) -> Reply:
        """Ask, and return the whole reply. ``timeout``: seconds for all of it, connecting included.

        ``content``: ``json=``, or ``content=`` (bytes or text); ``params=`` (values may be lists), ``headers=``.
        Raises NoReply if none came in time or none was whole, BadReply if it was no HTTP or has no end in sight.
        """
        ask = Ask.of(method, path, Content(**content))
        seen = _Seen(self._ledger.now(), self._ledger.check)
        try:
            seen.response = self._ask(ask, time.monotonic() + timeout)
            seen.headers = seen.response.headers
        except _FAILURES as error:
            words = words_for(error)
            seen.note = words.note
            told = {"callee": self.callee, "asked": str(ask), "at": self._host, "seconds": timeout, "found": str(error)}
            raise words.kind(words.message, words.move, **told) from None
        finally:
            seen.seconds = self._ledger.now() - seen.at
            self._ledger.exchange(self._exchange(ask, seen))
        return self._reply(ask, seen, seen.response)

    def _ask(self, ask: Ask, deadline: float) -> Response:
        sock = self._connection(deadline)
        try:
            response, usable = converse(sock, ask, self._host, deadline)
        except BaseException:
            sock.close()
            raise
        # Uvicorn closes behind a reply to an unhandled error, and says so to nobody.
        if usable and response.status < SERVER_ERROR:
            self._idle.append((sock, time.monotonic()))
        else:
            sock.close()
        return response

    def _connection(self, deadline: float) -> socket.socket:
        with contextlib.suppress(IndexError):
            while True:
                sock, since = self._idle.pop()
                # Nothing may have happened on it: no end, no bytes nobody asked for.
                if time.monotonic() - since < IDLE and not _heard(sock):
                    return sock
                sock.close()
        sock = socket.create_connection(self._address, timeout=max(0.001, deadline - time.monotonic()))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def _exchange(self, ask: Ask, seen: _Seen) -> Exchange:
        response = seen.response
        return Exchange(
            caller=self.name,
            callee=self.callee,
            request=clean_body(str(ask).encode(), 300),
            at=seen.at,
            status=response.status if response else None,
            seconds=seen.seconds if response else None,
            note=seen.note,
            sent=clean_body(ask.body, BODY),
            received=clean_body(bytes(response.body), BODY, encoding=response.encoding) if response else "",
            check=seen.check,
        )

    def _reply(self, ask: Ask, seen: _Seen, response: Response) -> Reply:
        return Reply(
            status_code=response.status,
            headers=seen.headers,
            content=bytes(response.body),
            elapsed=seen.seconds,
            ask=ask,
            host=self._host,
        )


def _heard(sock: socket.socket) -> bool:
    """Tell whether there is something to read, or the end. By poll(): select() takes no file beyond number 1023."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Call them all at the same moment, each in a thread of its own, and return what they return, in their order.

    Once all have ended, the first error, in their order, is raised.
    """
    ready = threading.Barrier(len(calls))
    results: list[T | None] = [None] * len(calls)
    errors: list[BaseException | None] = [None] * len(calls)

    def run(index: int) -> None:
        try:
            ready.wait()
            results[index] = calls[index]()
        except BaseException as error:  # noqa: BLE001  (raised again where it can be heard)
            errors[index] = error

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        if error is not None:
            raise error
    return results  # type: ignore[return-value]  # (each is there: no error was)
