"""One request on a socket: what is asked, what comes back, and the words for when nothing does."""

from __future__ import annotations

import contextlib
import json as json_
import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from checker.errors import N_, BadReply, NoReply, SeamworkError
from checker.evidence.framing import Request, Response
from checker.evidence.headers import NotHTTPError

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

__all__ = ["LARGEST", "Ask", "HalfAReplyError", "NothingError", "TooLargeError", "converse", "explain"]

LARGEST = 8 * 2**20
"""Bytes of a reply's body."""

PIECE = 65_536

_OURS = {"User-Agent": "seamwork", "Accept": "*/*", "Accept-Encoding": "identity"}


class NothingError(Exception):
    """The connection was closed before a reply began."""


class HalfAReplyError(Exception):
    """The connection was closed in the middle of a reply."""


class TooLargeError(Exception):
    """The reply has no end in sight."""


@dataclass(frozen=True)
class Ask:
    """A request to be sent. ``fields``: header fields beside ours; as text it is "GET /orders/1"."""

    method: str
    target: str
    fields: Mapping[str, str]
    body: bytes

    @classmethod
    def of(
        cls,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        json: Any,
        content: bytes | str,
    ) -> Ask:
        """Make one; ``json`` is ``...`` where there is none. Values of ``params`` may be lists."""
        fields: dict[str, str] = {}
        body = content.encode() if isinstance(content, str) else content
        if json is not ...:
            body = json_.dumps(json, ensure_ascii=False).encode()
            fields["Content-Type"] = "application/json"
        given = {name.lower() for name in headers}
        fields = {name: value for name, value in fields.items() if name.lower() not in given} | dict(headers)
        query = urlencode(params, doseq=True) if params else ""
        joint = "&" if "?" in path else "?"
        target = quote(path + (joint + query if query else ""), safe="/?&=%:+,;@!$'()*~[]")
        return cls(method, target or "/", fields, body)

    def __str__(self) -> str:
        """Return method and target."""
        return f"{self.method} {self.target}"

    def raw(self, host: str) -> bytes:
        """Return the bytes to send."""
        given = {name.lower() for name in self.fields}
        ours = {"Host": host, **_OURS}
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            ours["Content-Length"] = str(len(self.body))
        fields = {name: value for name, value in ours.items() if name.lower() not in given} | dict(self.fields)
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{self.method} {self.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + self.body

    def curl(self, host: str) -> str:
        """Return a command line that asks the same."""
        words = ["curl", "-i"]
        if self.method == "HEAD":
            words = ["curl", "-I"]
        elif self.method != ("POST" if self.body else "GET"):
            words += ["-X", self.method]
        for name, value in self.fields.items():
            words += ["-H", f"{name}: {value}"]
        if self.body:
            words += ["--data-binary", self.body.decode("utf-8", "replace")]
        return shlex.join([*words, f"{host}{self.target}"])


def converse(sock: socket.socket, ask: Ask, host: str, deadline: float) -> tuple[Response, bool]:
    """Send it and return the whole reply, and whether the connection can be used again.

    TimeoutError at the deadline (of ``time.monotonic``), ConnectionError, NotHTTPError, NothingError,
    HalfAReplyError, TooLargeError.
    """
    request = Request(0)
    request.method = ask.method
    response = Response(LARGEST, request)
    sock.settimeout(_left(deadline))
    with contextlib.suppress(ConnectionError):  # they may have answered before they had all of it
        sock.sendall(ask.raw(host))
    while not response.complete:
        sock.settimeout(_left(deadline))
        data = sock.recv(PIECE)
        if not data:
            _ended(response)
            return response, False
        while data and not response.complete:
            data = data[response.feed(data) :]
            if response.complete and response.interim:
                response = Response(LARGEST, request)
        if response.size > LARGEST:
            raise TooLargeError
    return response, not (response.closes or response.tunnels or data)


def explain(error: Exception, asked: str, callee: str, at: str, seconds: float) -> tuple[SeamworkError, str]:
    """Return what to raise, and a note for the ledger, where ``converse`` or connecting ended in ``error``."""
    told = {"callee": callee, "asked": asked, "at": at, "seconds": seconds}
    match error:
        case TimeoutError():
            return NoReply(
                N_("{callee} did not answer {asked} within {seconds:g} s."), **told
            ), f"no reply in {seconds:g} s"
        case ConnectionRefusedError():
            return (
                NoReply(
                    N_("{callee} refused the connection for {asked}: nobody listens on {at}."),
                    N_("Is it still running? Its log says."),
                    **told,
                ),
                "refused",
            )
        case NothingError():
            message = N_("{callee} closed the connection without an answer to {asked}.")
            return NoReply(message, **told), "closed before a reply"
        case HalfAReplyError():
            message = N_("{callee} closed the connection in the middle of its answer to {asked}.")
            return NoReply(message, **told), "closed in the middle of a reply"
        case NotHTTPError():
            message = N_("{callee} answered {asked} with something that is not HTTP: {found}.")
            return BadReply(message, found=str(error), **told), "not HTTP"
        case TooLargeError():
            message = N_("{callee} answered {asked} with more than {most} bytes.")
            return BadReply(message, most=LARGEST, **told), "too large"
        case _:
            message = N_("{callee} cut the connection before it had answered {asked}.")
            return NoReply(message, **told), "reset before a reply"


def _ended(response: Response) -> None:
    if not response.end():
        raise HalfAReplyError if response.headed else NothingError


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
