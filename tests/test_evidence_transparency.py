"""Any HTTP/1.1 conversation, however its bytes are cut, passes through the proxy byte by byte."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import h11
import pytest
from evidence_world import Server, server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.evidence import HttpProxy, Loop
from checker.evidence.framing import Request, Response
from checker.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

HARD = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)

bodies = st.binary(max_size=300) | st.just(b"0\r\n\r\n") | st.just(b"HTTP/1.1 200 OK\r\n\r\n")


@st.composite
def framed(draw: st.DrawFn, start: bytes) -> bytes:
    """Draw a message of a known length: by Content-Length, or in chunks with extensions and trailers."""
    body = draw(bodies)
    extra = draw(st.sampled_from([b"", b"X-A: b\r\n", b"X-Empty:\r\n", b"x-long: " + b"y" * 3000 + b"\r\n"]))
    if draw(st.booleans()):
        return start + extra + b"cOnTeNt-LeNgTh: %d\r\n\r\n" % len(body) + body
    sizes = draw(st.lists(st.integers(1, 50), max_size=8))
    chunks = b""
    for size in [*sizes, len(body)]:
        piece, body = body[:size], body[size:]
        chunks += (
            b"%x%s\r\n%s\r\n" % (len(piece), draw(st.sampled_from([b"", b";a=b", b';q="x"'])), piece) if piece else b""
        )
    trailer = draw(st.sampled_from([b"", b"X-Sum: 1\r\n"]))
    return start + extra + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailer + b"\r\n"


requests = st.sampled_from([b"POST", b"PUT", b"GET", b"M-SEARCH"]).flatmap(
    lambda method: framed(method + b" /x?y=%20 HTTP/1.1\r\nHost: a\r\n")
)
interim = st.sampled_from([b"", b"", b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n"])
replies = st.tuples(
    interim,
    st.sampled_from([b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n"])
    | framed(b"HTTP/1.1 200 OK\r\n")
    | framed(b"HTTP/1.1 404 \xe4\xbd\xa0\r\n"),
).map(b"".join)
conversations = st.lists(st.tuples(requests, replies), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    """One loop for all examples."""
    with Loop() as running:
        yield running


@HARD
@given(conversation=conversations, cut=st.integers(1, 400))
def test_bytes_pass_unchanged(loop: Loop, conversation: list[tuple[bytes, bytes]], cut: int) -> None:
    """What either side sends, in pieces of any size, is what the other gets; each exchange is noted with its status."""

    def talk(running: Server, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request, reply in conversation:
            end = len(running.heard) + len(request)
            while len(running.heard) < end and running.read(sock, end - len(running.heard)):
                pass
            for piece in pieces(reply, cut):
                sock.sendall(piece)

    with server(talk) as running, HttpProxy(loop, Ledger(), "a", "b", ("127.0.0.1", running.port)) as proxy:
        received = spoken(proxy.port, conversation, cut)

        assert bytes(running.heard) == b"".join(request for request, _ in conversation)
        assert received == b"".join(reply for _, reply in conversation)
        assert [(e.status, e.note) for e in proxy.calls] == [(int(final(reply)[9:12]), "") for _, reply in conversation]


@HARD
@given(message=requests, rest=st.binary(max_size=50), cut=st.integers(1, 100))
def test_requests_end_where_h11_says(message: bytes, rest: bytes, cut: int) -> None:
    """Our reading of a request's end is h11's, and the bodies are the same."""
    theirs = h11.Connection(h11.SERVER)
    theirs.receive_data(message + rest)
    body = b""
    while not isinstance(event := theirs.next_event(), h11.EndOfMessage):
        body += bytes(event.data) if isinstance(event, h11.Data) else b""

    ours = Request(10_000)
    taken = sum(ours.feed(piece) for piece in pieces(message + rest, cut))

    assert (taken, bytes(ours.body)) == (len(message + rest) - len(theirs.trailing_data[0]), body)
    assert ours.complete


@HARD
@given(
    data=st.binary(max_size=200),
    head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]),
)
def test_no_bytes_break_the_reading(data: bytes, head: bytes) -> None:
    """Whatever comes, it is HTTP or it is not; nothing else is raised, nothing is taken twice."""
    from checker.evidence.headers import NotHTTPError  # noqa: PLC0415

    response = Response(100, Request(0))
    try:
        assert response.feed(head + data) <= len(head + data)
    except NotHTTPError:
        assert not response.complete


def pieces(data: bytes, size: int) -> list[bytes]:
    """Cut data into pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def final(reply: bytes) -> bytes:
    """Return the reply without the interim one before it."""
    return reply.split(b"\r\n\r\n", 1)[1] if reply.startswith(b"HTTP/1.1 10") else reply


def spoken(port: int, conversation: list[tuple[bytes, bytes]], cut: int) -> bytes:
    """Send each request once the reply before is whole; what came back."""
    received = b""
    expected = 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request, reply in conversation:
            for piece in pieces(request, cut):
                sock.sendall(piece)
            expected += len(reply)
            while len(received) < expected and (data := sock.recv(65536)):
                received += data
    return received
