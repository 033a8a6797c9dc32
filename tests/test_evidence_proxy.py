"""What passes through the proxy passes unchanged, and is told apart rightly."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from evidence_world import HELLO, Server, by_http_client, hello, server, talk_raw, uvicorn_app, world

from checker.evidence import HttpProxy, Loop
from checker.ledger import Ledger
from checker.wait import until

GET = b"GET /users/7 HTTP/1.1\r\nHost: x\r\n\r\n"


def says(*replies: bytes) -> Any:
    """Answer each request (a head without a body) with these bytes in turn, then close."""

    def talk(running: Server, sock: socket.socket) -> None:
        for reply in replies:
            while not running.heard.endswith(b"\r\n\r\n"):
                running.read(sock)
            running.heard.clear()
            sock.sendall(reply)

    return talk


def test_an_exchange_is_noted_whole() -> None:
    """Who, whom, what, status, time, and both bodies are in the ledger before the caller has the reply."""
    with world() as w:
        w.ledger.check = "test_x"
        body = b"PUT /users/7 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
        with socket.create_connection(("127.0.0.1", w.proxy.port), timeout=5) as sock:
            sock.sendall(body)
            assert sock.recv(65536) == HELLO

        [seen] = w.ledger.exchanges(check="test_x", caller="orders", callee="users")
        assert (seen.request, seen.status, seen.sent, seen.received) == ("PUT /users/7", 200, "{}", '{"id": 1234}')
        assert seen.seconds is not None
        assert 0 < seen.seconds < 5


def test_a_connection_is_kept_alive() -> None:
    """A hundred requests on one connection are a hundred exchanges and one connection behind."""
    with world() as w, httpx.Client(trust_env=False, base_url=w.proxy.url) as client:
        assert {client.get(f"/users/{n}").status_code for n in range(100)} == {200}
        assert [e.request for e in w.proxy.calls] == [f"GET /users/{n}" for n in range(100)]
        assert w.server.connections == 1


def test_requests_in_a_row_are_taken_one_by_one() -> None:
    """Pipelined requests each get their own reply, in order, and their own fault."""
    with world() as w:
        w.proxy.answers(503, only=2)

        with socket.create_connection(("127.0.0.1", w.proxy.port), timeout=5) as sock:
            sock.sendall(GET * 3)
            received = b""
            while received.count(b"HTTP/1.1") < 3 or not received.endswith(b"1234}"):
                received += sock.recv(65536)

        assert [e.status for e in w.proxy.calls] == [200, 503, 200]


@pytest.mark.parametrize(
    ("request_", "reply", "status"),
    [
        (b"HEAD / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304),
        (
            b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
            201,
        ),
        (
            b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
            200,
        ),
        (b"GET / HTTP/1.1\n\n", b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", 200),
        (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200),
        (b"\r\nDELETE / HTTP/1.1\r\n\r\n", b"HTTP/1.1 410 Gone\r\nConnection: close\r\n\r\nuntil the end", 410),
    ],
)
def test_every_kind_of_reply_ends_where_it_ends(request_: bytes, reply: bytes, status: int) -> None:
    """Its bytes come back as they were, and one exchange is noted, with its last status."""

    def talk(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        sock.sendall(reply)

    with world(talk) as w:
        assert talk_raw(w.proxy.port, request_) == reply
        assert bytes(w.server.heard) == request_
        assert [(e.status, e.note) for e in w.proxy.calls] == [(status, "")]


def test_continue_is_waited_for() -> None:
    """Expect: 100-continue goes both ways before the body does."""

    def talk(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        running.read(sock)
        sock.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    with world(talk) as w, socket.create_connection(("127.0.0.1", w.proxy.port), timeout=5) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        first = sock.recv(1000)
        sock.sendall(b"{}")

        assert (first, sock.recv(1000)[:12]) == (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 201")
        assert [(e.status, e.sent) for e in w.proxy.calls] == [(201, "{}")]


def test_after_an_upgrade_anything_goes() -> None:
    """Once the protocol is switched, bytes pass both ways, and no more requests are seen."""

    def talk(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n\x00hello")
        while data := running.read(sock):
            sock.sendall(data[::-1])

    with world(talk) as w, socket.create_connection(("127.0.0.1", w.proxy.port), timeout=5) as sock:
        sock.sendall(b"GET /ws HTTP/1.1\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n")
        until(lambda: sock.recv(1000, socket.MSG_PEEK).endswith(b"hello"), within=5)
        sock.recv(1000)
        sock.sendall(b"\x01\x02\x03")

        assert sock.recv(1000) == b"\x03\x02\x01"
        assert [(e.request, e.status) for e in w.proxy.calls] == [("GET /ws", 101)]


def test_what_is_no_http_passes_and_is_noted() -> None:
    """Bytes that are no HTTP go through untouched, both ways."""

    def talk(running: Server, sock: socket.socket) -> None:
        while data := running.read(sock):
            sock.sendall(data.upper())

    with world(talk) as w:
        with socket.create_connection(("127.0.0.1", w.proxy.port), timeout=5) as sock:
            sock.sendall(b"\x16\x03\x01 hello")
            assert sock.recv(1000) == b"\x16\x03\x01 HELLO"

        noted = until(w.ledger.exchanges, within=5)
        assert [(e.request, e.note, e.received) for e in noted] == [("connection", "not HTTP", " HELLO")]


def test_a_reply_that_is_no_http_passes_and_is_noted() -> None:
    """A callee that answers nonsense is shown as it is."""
    with world(says(b"+OK ready\r\n")) as w:
        assert talk_raw(w.proxy.port, GET) == b"+OK ready\r\n"
        assert until(lambda: [e.note for e in w.ledger.exchanges()], within=5) == ["not HTTP"]


@pytest.mark.parametrize(
    ("reply", "note"),
    [
        (b"", "closed before a reply"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "closed in the middle of a reply"),
    ],
)
def test_a_callee_that_closes_too_soon_is_noted(reply: bytes, note: str) -> None:
    """No reply and half a reply are told apart, and passed on as they are."""
    with world(says(reply)) as w:
        assert talk_raw(w.proxy.port, GET) == reply
        assert [e.note for e in w.proxy.calls] == [note]


def test_nobody_behind_is_refused() -> None:
    """Without an upstream the connection is closed and the request noted; with one, set later, it is answered."""
    with world() as w:
        there, w.proxy.upstream = w.proxy.upstream, None

        assert w.ask(by_http_client) == "RemoteDisconnected"
        assert [(e.request, e.note) for e in w.proxy.calls] == [("GET /users/7", "refused")]
        w.proxy.upstream = there
        assert w.ask(by_http_client) == 200


def test_the_next_request_goes_to_the_new_upstream() -> None:
    """A kept connection follows when the callee moves."""
    with world() as w, server(hello) as other, httpx.Client(trust_env=False, base_url=w.proxy.url) as client:
        client.get("/")
        w.proxy.upstream = ("127.0.0.1", other.port)
        client.get("/")

        assert (w.server.connections, other.connections) == (1, 1)


def test_a_caller_that_gives_up_is_noted() -> None:
    """Who leaves before the reply is in the ledger, and so is that they left."""
    released = threading.Event()

    def talk(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        released.wait(5)

    with world(talk) as w:
        w.ask(by_http_client, timeout=0.05)
        during = [(e.request, e.status) for e in w.proxy.calls]
        noted = until(lambda: [e.note for e in w.ledger.exchanges()], within=5)
        released.set()

        assert (during, noted) == ([("GET /users/7", None)], ["the caller left"])


def test_calls_begin_anew_after_a_mark() -> None:
    """What came before the mark is in the ledger alone."""
    with world() as w:
        w.ask(by_http_client, "/before")
        w.proxy.mark()
        w.ask(by_http_client, "/after")

        assert [e.request for e in w.proxy.calls] == ["GET /after"]
        assert len(w.ledger.exchanges()) == 2


def test_fifty_at_once_are_fifty() -> None:
    """Fifty connections at the same time are all answered, each noted once."""
    with world() as w, ThreadPoolExecutor(50) as pool:
        asked = list(pool.map(lambda n: w.ask(by_http_client, f"/users/{n}"), range(50)))

        assert asked == [200] * 50
        assert len({e.request for e in w.proxy.calls}) == 50


def test_a_large_body_passes_without_being_kept() -> None:
    """Megabytes go through; a few thousand bytes of them are noted."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            event = await receive()
            more = event["more_body"]
            await send({"type": "http.response.body", "body": event["body"], "more_body": more})

    body = bytes(range(32, 96)) * 65536
    with uvicorn_app(app) as port, Loop() as loop, HttpProxy(loop, Ledger(), "a", "b", ("127.0.0.1", port)) as proxy:
        reply = httpx.post(proxy.url, content=body, trust_env=False, timeout=20)

        assert reply.content == body
        assert len(proxy.calls[0].received) == 4097


def test_a_proxy_can_be_closed_twice_and_after_its_loop() -> None:
    """Whatever the order in which a run falls apart, closing does not fail, and frees the port."""
    loop = Loop()
    proxy = HttpProxy(loop, Ledger(), "a", "b")
    loop.close()
    proxy.close()
    proxy.close()

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", proxy.port))


def test_a_slow_caller_gets_all_of_it() -> None:
    """A reply larger than any buffer, whose end is the end of the connection, reaches a caller that reads late."""
    body = b"x" * (12 * 2**20)

    with (
        world(says(b"HTTP/1.1 200 OK\r\n\r\n" + body)) as w,
        socket.create_connection(("127.0.0.1", w.proxy.port), timeout=5) as sock,
    ):
        sock.sendall(GET)
        until(lambda: w.proxy.calls, within=5)
        time.sleep(0.1)
        count = 0
        while data := sock.recv(2**20):
            count += len(data)

        assert count == len(body) + 19
