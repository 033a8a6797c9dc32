"""What the taps' tests of raw bytes need: talks that were recorded, ways to spoil and to cut them, wires without sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from hypothesis import strategies as st

from checker.evidence.taps.base import Tap
from checker.evidence.taps.link import Link, Side


class Said(NamedTuple):
    """Bytes as they went over the wire; none at the end of a side."""

    by: Literal["client", "server"]
    data: bytes


Talk = list[Said]


class Spoilt(NamedTuple):
    """What is done to a talk: at a place of it, bytes are taken out, and others put in."""

    at: float
    taken: int
    put: bytes


cuts = st.lists(st.integers(1, 200), min_size=1, max_size=6) | st.just([1]) | st.just([100_000])


def spoils(*puts: bytes) -> st.SearchStrategy[list[Spoilt]]:
    """Draw what is done to a talk; ``puts`` are what makes trouble in its protocol."""
    put = st.just(b"") | st.sampled_from(puts) | st.binary(max_size=12)
    return st.lists(st.builds(Spoilt, st.floats(0, 1), st.integers(0, 12), put), max_size=3)


def spoilt(talk: Talk, spoils: Sequence[Spoilt], end: float = 1.0) -> Talk:
    """Return the talk with that done to it, up to ``end``, a share of its bytes."""
    pieces = [list(each) for each in talk]
    for at, taken, put in spoils:
        piece = pieces[min(len(pieces) - 1, int(at * len(pieces)))]
        data, place = bytes(piece[1]), int(at * 7919 * len(piece[1])) % (len(piece[1]) + 1)
        piece[1] = data[:place] + put + data[place + taken :]
    left = int(end * sum(len(data) for _, data in pieces))
    found: Talk = []
    for by, data in pieces:
        found.append(Said(by, bytes(data)[:left]))
        left -= len(found[-1].data)
    return found


def said(talk: Talk, by: str) -> bytes:
    """Return all that one of them says."""
    return b"".join(data for who, data in talk if who == by)


def in_pieces(data: bytes, cuts: Sequence[int], take: Callable[[bytes], object]) -> None:
    """Hand data on in pieces of these sizes, over and over."""
    sizes, at = itertools.cycle(cuts), 0
    while at < len(data):
        size = next(sizes)
        take(data[at : at + size])
        at += size


# Without sockets


class Recorder(asyncio.Transport):
    """Remembers what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def write_eof(self) -> None:
        self.sent += b"(the end)"

    def is_closing(self) -> bool:
        return False


# Over sockets


class _RecordingLink(Link):
    def __init__(self, tap: Tap, number: int, talk: Talk) -> None:
        super().__init__(tap, number)
        self._talk = talk

    def heard(self, data: bytes) -> None:
        self._talk.append(Said("client", data))
        super().heard(data)

    def answered(self, data: bytes) -> None:
        self._talk.append(Said("server", data))
        super().answered(data)

    def ended(self, side: Side) -> None:
        self._talk.append(Said("client" if side is self.front else "server", b""))
        super().ended(side)


class Recording(Tap):
    """A tap that passes and remembers: ``talks``, one for each connection."""

    def link(self, number: int) -> Link:
        """Return what carries the connection with this number."""
        self.talks = [*getattr(self, "talks", ()), []]
        return _RecordingLink(self, number, self.talks[-1])


def through(tap: Tap, url: str) -> str:
    """Return the URL that leads through a tap."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{login}{at}127.0.0.1:{tap.port}").geturl()


def say(sock: socket.socket, data: bytes, cuts: Sequence[int]) -> None:
    """Say this in pieces, and listen to the end."""
    sock.settimeout(5)
    with contextlib.suppress(ConnectionError):  # the server may have heard enough
        in_pieces(data, cuts if len(data) < 50 * max(cuts) else [1_000], sock.sendall)
        with contextlib.suppress(OSError):  # it has reset the connection
            sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass


def went_through(near: Talk, far: Talk) -> bool:
    """Whether a talk got through to its end; AssertionError if what is in between changed any of it.

    Where the server has heard enough and ends it first, what is still under way is lost, with and without a tap.
    """
    whole, arrived = (said(near, "client"), said(far, "server")), (said(far, "client"), said(near, "server"))
    to_the_end = next((by for by, data in far if not data), "") == "client"

    assert all(map(bytes.startswith, whole, arrived))
    assert not to_the_end or whole == arrived
    return to_the_end
