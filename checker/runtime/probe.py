"""Ask a port for its health with a bare socket: no pool, no keep-alive that would delay the end of a service."""

from __future__ import annotations

import contextlib
import re
import socket

__all__ = ["HEALTH", "NOTHING", "Refused", "ask"]

HEALTH = "/health"
NOTHING = "nothing"
"""The answer of whoever accepts a connection, and says no word in time."""
_REQUEST = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
ENOUGH = 12
"""Bytes of a reply that hold its status."""


class Refused(Exception):  # noqa: N818  (an answer, not a defect)
    """Nobody listens on that port."""


def ask(port: int, *, timeout: float, path: str = HEALTH) -> int | str:
    """GET ``path`` from 127.0.0.1. Returns the status, or what came instead of one ("nothing", "b'SSH-2.0'").

    Raises Refused.
    """
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout)
    except OSError:
        raise Refused from None
    with connection:
        head = _reply(connection, _REQUEST.format(path=path, port=port).encode())
    status = _STATUS.match(head)
    return int(status[1]) if status else repr(head[:40]) if head else NOTHING


def _reply(connection: socket.socket, request: bytes) -> bytes:
    head = b""
    with contextlib.suppress(OSError):
        connection.sendall(request)
        while len(head) < ENOUGH and (data := connection.recv(4096)):
            head += data
    return head
