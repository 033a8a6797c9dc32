"""The small world of the Redis tap's tests: a tap before a server, and clients of every kind that go through it."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import redis
import redis.asyncio

from checker.evidence import Loop, RedisTap
from checker.ledger import Ledger
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.evidence import RedisCommand


@dataclass
class World:
    """A service "orders", its tap, and a server behind it at ``url``; ``through`` is the URL that leads through the tap."""

    tap: RedisTap
    url: str

    @property
    def through(self) -> str:
        return self.tap.url_for(self.url)

    def client(self, **how: Any) -> redis.Redis:
        """Return a client that goes through the tap, text in and out, that never asks twice."""
        return redis.Redis.from_url(self.through, **CLIENT | how)

    def aclient(self, **how: Any) -> redis.asyncio.Redis:
        """Return the same for asyncio."""
        return redis.asyncio.Redis.from_url(self.through, **CLIENT | how)

    def direct(self) -> redis.Redis:
        """Return a client that goes past the tap."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def raw(self) -> socket.socket:
        """Return a connection through the tap on which the password has been said."""
        sock = socket.create_connection(("127.0.0.1", self.tap.port), timeout=5)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(b"AUTH %s\r\n" % (urlsplit(self.url).password or "").encode())
        assert sock.recv(100) == b"+OK\r\n"
        return sock

    def one(self, name: str, status: str = "") -> RedisCommand:
        """Return the one command with this name, once it has come to this status."""
        until(lambda: [c for c in self.tap.commands(name) if not status or c.status == status], within=5)
        [found] = self.tap.commands(name)
        return found


CLIENT: dict[str, Any] = {"decode_responses": True, "retry": None, "socket_timeout": 5}


@contextlib.contextmanager
def world(url: str) -> Iterator[World]:
    """Build it all before the server at ``url``, empty it, and take it down."""
    parts = urlsplit(url)
    with (
        Loop() as loop,
        RedisTap(loop, Ledger(), "orders", "redis", (str(parts.hostname), int(parts.port or 0))) as tap,
    ):
        yield World(tap, url)
        assert tap.error is None
    with redis.Redis.from_url(url) as server:
        server.flushall()


def heard(sock: socket.socket, end: bytes) -> bytes:
    """Read until what came ends so, or nothing more comes."""
    received = b""
    while not received.endswith(end) and (data := sock.recv(65536)):
        received += data
    return received
