"""The small world of the evidence tests: real servers to stand behind a proxy, and callers that speak for themselves."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from checker.evidence import HttpProxy, Loop
from checker.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELLO = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n" + b'{"id": 1234}'


@dataclass
class World:
    """A caller "orders", a proxy, and a callee "users" that answers ``HELLO`` unless the test brings its own."""

    ledger: Ledger
    loop: Loop
    proxy: HttpProxy
    server: Server

    def ask(self, how: Callable[..., int | str], path: str = "/users/7", **more: Any) -> int | str:
        """Ask once on a connection of its own; the status, or the name of the error."""
        return how(self.proxy.port, path, **more)


@dataclass
class Server:
    """A threaded server of raw bytes: ``talk`` is given each connection; what it read is in ``heard``."""

    talk: Callable[[Server, socket.socket], None]
    heard: bytearray = field(default_factory=bytearray)
    connections: int = 0
    port: int = 0

    def read(self, sock: socket.socket, count: int = 65536) -> bytes:
        """Read some, and remember it."""
        data = sock.recv(count)
        self.heard += data
        return data


@contextlib.contextmanager
def server(talk: Callable[[Server, socket.socket], None]) -> Iterator[Server]:
    """Run one on a port of its own; all its connections are gone at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = Server(talk, port=listener.getsockname()[1])
    open_now: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def one(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            talk(running, sock)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                running.connections += 1
                open_now.append(sock)
                threads.append(threading.Thread(target=one, args=(sock,), daemon=True))
                threads[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield running
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for sock in open_now:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in [accepting, *threads]:
            thread.join(5)


def hello(running: Server, sock: socket.socket) -> None:
    """Answer ``HELLO`` to each request that ends in an empty line."""
    buffer = b""
    while data := running.read(sock):
        buffer += data
        while b"\r\n\r\n" in buffer:
            buffer = buffer.split(b"\r\n\r\n", 1)[1]
            sock.sendall(HELLO)


@contextlib.contextmanager
def world(talk: Callable[[Server, socket.socket], None] = hello) -> Iterator[World]:
    """Build it all, and take it down."""
    ledger = Ledger()
    with (
        server(talk) as running,
        Loop() as loop,
        HttpProxy(loop, ledger, "orders", "users", ("127.0.0.1", running.port)) as proxy,
    ):
        yield World(ledger, loop, proxy, running)
        assert proxy.error is None


@contextlib.contextmanager
def uvicorn_app(app: Any) -> Iterator[int]:
    """Run an ASGI app with uvicorn in a thread; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join(10)


def by_httpx(port: int, path: str, *, timeout: float = 5.0, **more: Any) -> int | str:
    """Ask with httpx; the status, or the name of the error."""
    with httpx.Client(trust_env=False, verify=False, timeout=timeout) as client:  # noqa: S501  (no TLS here)
        try:
            return client.request(more.pop("method", "GET"), f"http://127.0.0.1:{port}{path}", **more).status_code
        except httpx.HTTPError as error:
            return type(error).__name__


def by_http_client(port: int, path: str, *, timeout: float = 5.0, method: str = "GET") -> int | str:
    """Ask with the standard library; the status, or the name of the error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        reply.read()
    except (http.client.HTTPException, OSError) as error:
        return type(error).__name__
    finally:
        connection.close()
    return reply.status


def talk_raw(port: int, *pieces: bytes, timeout: float = 5.0) -> bytes:
    """Send these pieces and return all that comes until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            sock.sendall(piece)
        received = b""
        while data := sock.recv(65536):
            received += data
        return received
