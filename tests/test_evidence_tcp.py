"""A proxy for anything that speaks TCP: a connection is a call."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest
from evidence_world import Server, server

from checker.evidence import LiveFault, Loop, TcpProxy
from checker.ledger import Ledger
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def greets(running: Server, sock: socket.socket) -> None:
    """Speak first, as many databases do not but some protocols do, then echo."""
    sock.sendall(b"220 ready\r\n")
    while data := running.read(sock):
        sock.sendall(data)


@contextlib.contextmanager
def tcp(talk: Callable[[Server, socket.socket], None] = greets) -> Iterator[tuple[TcpProxy, Server]]:
    with (
        server(talk) as running,
        Loop() as loop,
        TcpProxy(loop, Ledger(), "orders", "db", ("127.0.0.1", running.port)) as proxy,
    ):
        yield proxy, running
        assert proxy.error is None


def connected(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def test_bytes_pass_both_ways_and_are_noted() -> None:
    """Whoever speaks first is heard, and the connection is noted with what went either way."""
    with tcp() as (proxy, _):
        with connected(proxy) as sock:
            greeting = sock.recv(100)
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            echo = sock.recv(100)

        [noted] = until(proxy.ledger.exchanges, within=5)
        assert (greeting, echo) == (b"220 ready\r\n", b"GET / HTTP/1.1\r\n\r\n")
        assert (noted.request, noted.sent, noted.received) == (
            "connection",
            "GET / HTTP/1.1\n\n",
            "220 ready\nGET / HTTP/1.1\n\n",
        )


def test_an_end_is_passed_on() -> None:
    """Half a close on one side is half a close on the other."""
    with tcp() as (proxy, _), connected(proxy) as sock:
        sock.sendall(b"bye")
        sock.shutdown(socket.SHUT_WR)

        received = b""
        while data := sock.recv(100):
            received += data
        assert received == b"220 ready\r\nbye"


def test_a_callee_may_end_first() -> None:
    """What the caller still has to say goes on after the callee has said its last word."""

    def ends(running: Server, sock: socket.socket) -> None:
        sock.sendall(b"bye")
        sock.shutdown(socket.SHUT_WR)
        while running.read(sock):
            pass

    with tcp(ends) as (proxy, running), connected(proxy) as sock:
        assert (sock.recv(100), sock.recv(100)) == (b"bye", b"")
        sock.sendall(b"one more thing")
        assert until(lambda: bytes(running.heard) == b"one more thing", within=5)


def test_a_hang_stops_a_connection_that_was_there() -> None:
    """From the moment it hangs nothing comes back, also on old connections; healed, they are closed."""
    with tcp() as (proxy, _), connected(proxy) as sock:
        sock.recv(100)
        fault = proxy.hangs()
        sock.sendall(b"hello?")
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(100)
        proxy.heals()
        sock.settimeout(5)

        assert (sock.recv(100), fault.met) == (b"", 1)


def test_a_reset_meets_the_next_bytes() -> None:
    """An old connection is torn down when it is used."""
    with tcp() as (proxy, _), connected(proxy) as sock:
        sock.recv(100)
        fault = proxy.resets()
        sock.sendall(b"hello?")

        with pytest.raises(ConnectionResetError):
            sock.recv(100)
        assert fault.met == 1


def test_only_the_second_connection_is_reset() -> None:
    """Connections are counted as calls are."""
    with tcp() as (proxy, _), connected(proxy) as one:
        one.recv(100)
        proxy.resets(only=2)
        with connected(proxy) as two:
            assert two.recv(100) == b"220 ready\r\n"
        with connected(proxy) as three, pytest.raises(ConnectionResetError):
            three.recv(100)


def test_refused_connections_come_back() -> None:
    """The same port is refused, and then it is not."""
    with tcp() as (proxy, _):
        proxy.refuses()
        with pytest.raises(ConnectionRefusedError):
            connected(proxy)
        proxy.heals()

        with connected(proxy) as sock:
            assert sock.recv(100) == b"220 ready\r\n"


@pytest.mark.parametrize("fault", [lambda p: p.answers(503), lambda p: p.sends_half_a_body()])
def test_what_needs_http_closes_a_plain_connection(fault: Callable[[TcpProxy], LiveFault]) -> None:
    """There is no 503 in a protocol nobody knows: the connection is closed."""
    with tcp() as (proxy, running):
        on = fault(proxy)
        with connected(proxy) as sock:
            assert sock.recv(100) == b""
        assert (on.met, running.connections) == (1, 0)


def test_the_answers_of_a_plain_connection_are_dropped() -> None:
    """What the caller says arrives; what comes back does not."""
    with tcp() as (proxy, running):
        proxy.drops_the_answer()
        with connected(proxy) as sock:
            sock.sendall(b"x")
            sock.settimeout(0.1)
            with pytest.raises(TimeoutError):
                sock.recv(100)
        assert until(lambda: bytes(running.heard) == b"x", within=5)
