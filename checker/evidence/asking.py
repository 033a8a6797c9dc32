"""One request on a socket: what is asked, and what comes back."""

from __future__ import annotations

import contextlib
import json as json_
import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from checker.evidence.framing import Request, Response
from checker.evidence.no_reply import LARGEST, HalfAReplyError, NothingError, TooLargeError

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

__all__ = ["Ask", "Content", "converse"]

PIECE = 65_536

_OURS = {"User-Agent": "seamwork", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Content:
    """What a request carries. ``json`` is ``...`` where there is none; values of ``params`` may be lists."""

    json: Any = ...
    content: bytes | str = b""
    params: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None

    def body(self) -> bytes:
        """Return it in bytes."""
        if self.json is not ...:
            return json_.dumps(self.json, ensure_ascii=False).encode()
        return self.content.encode() if isinstance(self.content, str) else self.content

    def fields(self) -> dict[str, str]:
        """Return its header fields."""
        given = dict(self.headers or {})
        if self.json is not ... and not any(name.lower() == "content-type" for name in given):
            given["Content-Type"] = "application/json"
        return given


@dataclass(frozen=True)
class Ask:
    """A request to be sent. ``fields``: header fields beside ours; as text it is "GET /orders/1"."""

    method: str
    target: str
    fields: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, path: str, content: Content) -> Ask:
        """Make one to a path, which may have a query already."""
        fields = content.fields()
        joint = "&" if "?" in path else "?"
        query = urlencode(content.params, doseq=True) if content.params else ""
        target = quote(path + (joint + query if query else ""), safe="/?&=%:+,;@!$'()*~[]")
        return cls(method, target or "/", fields, content.body())

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


def _ended(response: Response) -> None:
    if not response.end():
        raise HalfAReplyError if response.headed else NothingError


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
