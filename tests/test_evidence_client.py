"""The client a check speaks with: what it sends, what it says when nothing comes back, what it notes."""

from __future__ import annotations

import contextlib
import os
import resource
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from evidence_world import HELLO, Server, hello, server, uvicorn_app

from checker.errors import BadReply, EngineFault, NoReply
from checker.evidence import Client, at_once
from checker.ledger import Ledger


def client(running: Server) -> Client:
    return Client(Ledger(), f"http://127.0.0.1:{running.port}", callee="orders")


def answers(raw: bytes, *, wait: bool = False) -> Any:
    """Answer the first bytes with these, then close, or wait."""

    def talk(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        sock.sendall(raw)
        if wait:
            running.read(sock)

    return talk


async def mirror(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what was asked."""
    body = (await receive())["body"]
    headers = [(b"content-type", b"text/plain"), (b"x-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    said = b"%s %s?%s %s" % (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)
    await send({"type": "http.response.body", "body": said})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"method": "GET", "path": "/orders/1"}, "GET /orders/1? "),
        ({"method": "POST", "path": "/x", "json": {"a": "é"}}, 'POST /x? {"a": "é"}'),
        ({"method": "POST", "path": "/x", "json": None}, "POST /x? null"),
        ({"method": "PUT", "path": "/x", "content": "plain"}, "PUT /x? plain"),
        ({"method": "PATCH", "path": "/x"}, "PATCH /x? "),
        ({"method": "DELETE", "path": "/a b/é?q=1"}, "DELETE /a b/é?q=1 "),
        ({"method": "GET", "path": "/x", "params": {"sku": ["A", "B"], "n": 1}}, "GET /x?sku=A&sku=B&n=1 "),
        ({"method": "GET", "path": "/x?a=1", "params": {"b": "&"}}, "GET /x?a=1&b=%26 "),
    ],
)
def test_what_is_asked_arrives(how: dict[str, Any], said: str) -> None:
    """Method, path, query and body, as a real server reads them."""
    with uvicorn_app(mirror) as port, Client(Ledger(), f"http://127.0.0.1:{port}") as ours:
        reply = ours.request(**how)

        assert (reply.status_code, reply.text) == (200, said)
        assert reply.headers["Content-Type"] == "text/plain"


def test_an_exchange_is_noted() -> None:
    """Whom it asked, what, what came back, and in which check."""
    with server(hello) as running, client(running) as ours:
        ours._ledger.check = "test_x"
        ours.get("/orders/1")

        [seen] = ours._ledger.exchanges(check="test_x")
        assert (seen.caller, seen.callee, seen.request, seen.status) == ("you", "orders", "GET /orders/1", 200)
        assert seen.received == '{"id": 1234}'


def test_a_connection_is_used_again() -> None:
    """A hundred requests need one connection; a closed client can be used again."""
    with server(hello) as running, client(running) as ours:
        assert {ours.get("/").status_code for _ in range(100)} == {200}
        first = running.connections
        ours.close()
        ours.get("/")

        assert (first, running.connections) == (1, 2)


@contextlib.contextmanager
def a_thousand_files() -> Iterator[None]:
    """Let the next file get a number that select() cannot take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with contextlib.ExitStack() as files:
        while files.enter_context(Path(os.devnull).open("rb")).fileno() < 1024:
            pass
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_connection_is_used_again_among_a_thousand_files() -> None:
    """However much a run has open, it goes on."""
    with a_thousand_files(), server(hello) as running, client(running) as ours:
        assert {ours.get("/").status_code for _ in range(2)} == {200}
        assert running.connections == 1


def test_a_connection_they_have_closed_is_not_used() -> None:
    """A server that closes after its reply costs a connection, not an error."""
    with server(answers(HELLO)) as running, client(running) as ours:
        for _ in range(20):
            assert ours.get("/").status_code == 200
            time.sleep(0.005)


def test_curl_asks_the_same() -> None:
    """The command line in the report asks what was asked, through a shell as well."""
    with uvicorn_app(mirror) as port, Client(Ledger(), f"http://127.0.0.1:{port}") as ours:
        reply = ours.patch("/x y?a=1&b=2", json={"it's": "$HOME"}, headers={"X-A": "b"})
        again = subprocess.run([*shlex.split(reply.again), "-s", "--noproxy", "*"], capture_output=True, check=True)

        assert reply.again.startswith("curl -i -X PATCH -H 'X-A: b' -H 'Content-Type: application/json'")
        assert again.stdout.endswith(reply.content)


def test_nobody_there_is_said() -> None:
    """Who was asked what, and where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ours = Client(Ledger(), f"http://127.0.0.1:{port}", callee="orders")

    with pytest.raises(NoReply, match=f"orders refused the connection for GET /x: nobody listens on 127.0.0.1:{port}"):
        ours.get("/x")
    assert ours._ledger.exchanges()[0].note == "refused"


def test_too_late_is_said() -> None:
    """The deadline is for the whole: a reply that comes a byte at a time does not outlive it."""

    def drip(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        for byte in HELLO * 10:
            sock.sendall(bytes([byte]))
            time.sleep(0.02)

    with server(drip) as running, client(running) as ours:
        began = time.monotonic()
        with pytest.raises(NoReply, match=r"orders did not answer GET /x within 0\.2 s"):
            ours.get("/x", timeout=0.2)

        assert 0.15 < time.monotonic() - began < 1
        assert (ours._ledger.exchanges()[0].status, ours._ledger.exchanges()[0].note) == (None, "no reply in time")


@pytest.mark.parametrize(
    ("raw", "kind", "message"),
    [
        (b"", NoReply, "closed the connection without an answer to GET /x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", NoReply, "in the middle of its answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx", NoReply, "in the middle of its answer"),
        (b"+OK ready\r\n", BadReply, r"something that is not HTTP: b'\+OK ready"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", BadReply, "something that is not HTTP: no header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", BadReply, "something that is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (9 * 2**20), BadReply, "more than 8 MiB"),
    ],
)
def test_what_is_no_reply_is_the_learners(raw: bytes, kind: type[Exception], message: str) -> None:
    """Whatever comes instead of a whole reply is a failure of theirs, in one sentence."""
    with server(answers(raw)) as running, client(running) as ours, pytest.raises(kind, match=message):
        ours.get("/x")


def test_a_reset_is_said() -> None:
    """A connection that is torn down is not an error of ours."""

    def tear(running: Server, sock: socket.socket) -> None:
        running.read(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        sock.close()

    with server(tear) as running, client(running) as ours, pytest.raises(NoReply, match="cut the connection"):
        ours.get("/x")


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
        (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, b"x"),
        (b"HTTP/1.0 500 Oh\n\nto the end", 500, b"to the end"),
        (b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n", 302, b""),
    ],
)
def test_every_kind_of_reply_is_read(raw: bytes, status: int, body: bytes) -> None:
    """Also those without a length, and none is followed elsewhere."""
    with server(answers(raw)) as running, client(running) as ours:
        reply = ours.get("/x")

        assert (reply.status_code, reply.content) == (status, body)


def test_head_has_no_body() -> None:
    """A length without a body is waited for by nobody."""
    with (
        server(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", wait=True)) as running,
        client(running) as ours,
    ):
        assert ours.request("HEAD", "/x").headers["content-length"] == "9"


def test_at_once_is_at_once() -> None:
    """All of them are under way before the first is answered; replies come in the order of the calls."""
    meeting = threading.Barrier(8, timeout=5)

    def talk(running: Server, sock: socket.socket) -> None:
        asked = running.read(sock).split(b" ")[1]
        meeting.wait()
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(asked) + asked)

    with server(talk) as running, client(running) as ours:
        replies = at_once([lambda n=n: ours.get(f"/{n}") for n in range(8)])

        assert [reply.text for reply in replies] == [f"/{n}" for n in range(8)]


def test_at_once_raises_the_first_error() -> None:
    """Not before all of them have ended."""
    ended = []

    def fails() -> None:
        raise NoReply("nothing")

    with pytest.raises(NoReply, match="nothing"):
        at_once([fails, lambda: ended.append(time.sleep(0.05))])
    assert ended == [None]


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the learner's shell stands between."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with server(hello) as running, client(running) as ours:
        assert ours.get("/").status_code == 200


@pytest.mark.parametrize("url", ["https://127.0.0.1", "127.0.0.1:80", "http://"])
def test_an_address_it_cannot_use_is_our_fault(url: str) -> None:
    """The address is named."""
    with pytest.raises(EngineFault, match="needs an address like"):
        Client(Ledger(), url)


def test_httpx_reads_the_same() -> None:
    """Ours and httpx agree on a reply."""
    with uvicorn_app(mirror) as port, Client(Ledger(), f"http://127.0.0.1:{port}") as ours:
        theirs = httpx.get(f"http://127.0.0.1:{port}/x", trust_env=False)
        reply = ours.get("/x")

        assert (reply.status_code, reply.content) == (theirs.status_code, theirs.content)
        assert reply.headers["x-length"] == theirs.headers["x-length"]
