"""A few words of RESP, the protocol of Redis: enough to see that a server is ready, without importing its client."""

from __future__ import annotations

import socket

from checker.backing.ports import LOOPBACK

__all__ = ["ask"]

REPLY = 65_536


def ask(port: int, *commands: tuple[str, ...]) -> str:
    """Send ``commands`` to a server on this machine and return all it answered, as it came. Raises OSError."""
    with socket.create_connection((LOOPBACK, port), timeout=1.0) as connection:
        connection.sendall(b"".join(_encoded(command) for command in (*commands, ("QUIT",))))
        return b"".join(iter(lambda: connection.recv(REPLY), b"")).decode(errors="replace")


def _encoded(words: tuple[str, ...]) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    parts += [f"${len(word.encode())}\r\n{word}\r\n".encode() for word in words]
    return b"".join(parts)
