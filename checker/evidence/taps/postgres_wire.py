"""PostgreSQL's protocol, version 3, as messages: told apart as bytes come, made where we have something to say.

Source: PostgreSQL's documentation, "Frontend/Backend Protocol", "Message Formats".
"""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = [
    "ANSWERS",
    "CANCEL",
    "MOST",
    "REQUESTS",
    "UNENCRYPTED",
    "Piece",
    "Splitter",
    "fields_of_error",
    "message",
    "named",
    "text",
]

HEAD = 65_536
"""Bytes of a message that are read; what is longer passes in pieces."""

MOST = 16 * 2**20
"""Bytes of a message that are read where a planted bug has to change it; what is longer passes unchanged."""

STARTUP = 10_000
"""Bytes of the longest first message (the server's own limit)."""

REQUESTS = frozenset(b"QPBDECSHFXdcfp")
ANSWERS = frozenset(b"RSKZTtDCENAI123nsGHWdcvV")
"""Kinds of message, by their first byte."""

ROWS = frozenset(b"Dd")
"""Kinds of the server's that come in great numbers and carry nothing but data."""

UNENCRYPTED = frozenset({80877103, 80877104})
"""What asks for encryption: SSLRequest, GSSENCRequest."""

CANCEL = 80877102

_INT = struct.Struct("!I")
_HEADER = struct.Struct("!BI")


class Piece(NamedTuple):
    """A message, or a part of it. ``raw``: the bytes that came; ``body``: what follows its header, in the first part.

    ``kind`` is the message's first byte, 0 for those at the beginning, -1 for bytes that are no messages. ``whole``:
    all of it is here. Several rows, nothing else, may be one piece.
    """

    kind: int
    raw: bytes
    first: bool
    whole: bool

    @property
    def body(self) -> bytes:
        """The bytes behind the header."""
        return self.raw[5:] if self.kind > 0 else self.raw[4:]


class Splitter:
    """Tells the messages of one direction apart. Bytes that are none make it ``opaque``: then nothing is told apart.

    ``starting``: the next message is of the kind without a type. ``most``: bytes of a message to wait for.
    ``by_row``: whether each row is wanted by itself, and whole.
    """

    def __init__(self, kinds: frozenset[int], *, starting: bool = False) -> None:
        self.kinds = kinds
        self.starting = starting
        self.rows = ROWS if not starting else frozenset(b"d")
        self.opaque = False
        self.by_row = False
        self.most = HEAD
        self._data = b""
        self._at = 0
        self._owed = 0  # bytes of the message under way that have not come yet
        self._kind = 0

    @property
    def kept(self) -> int:
        """Bytes that came and were not handed out."""
        return len(self._data) - self._at

    def add(self, data: bytes) -> None:
        """Take what came."""
        self._data = data if self._at == len(self._data) else self._data[self._at :] + data
        self._at = 0

    def rest(self) -> bytes:
        """Return what came and was not handed out: the beginning of a message whose end will not come."""
        return self._cut(self.kept)

    def next(self) -> Piece | None:
        """Return what comes next; None where more must come first."""
        here = len(self._data) - self._at
        if not here:
            return None
        if self.opaque:
            return Piece(-1, self._cut(here), first=True, whole=True)
        if self._owed:
            return self._more(here)
        if self.starting:
            return self._start(here)
        return self._message(here) if here >= _HEADER.size else self._stub()

    def _message(self, here: int) -> Piece | None:
        kind, length = _HEADER.unpack_from(self._data, self._at)
        if kind not in self.kinds or not 4 <= length < 2**30:  # noqa: PLR2004  (its own four bytes; the server's limit)
            return self._nonsense()
        size = length + 1
        if kind in self.rows and not self.by_row:
            return self._lump(kind, size, here)
        if here < size and here < self.most:
            return None
        return self._first(kind, size, here)

    def _start(self, here: int) -> Piece | None:
        if here < 8:  # noqa: PLR2004  (two numbers)
            return None
        size, code = struct.unpack_from("!II", self._data, self._at)
        asks = code in UNENCRYPTED and size == 8  # noqa: PLR2004
        if not (asks or ((code >> 16 == 3 or code == CANCEL) and 8 <= size <= STARTUP)):  # noqa: PLR2004
            return self._nonsense()
        if here < size:
            return None
        self.starting = code in UNENCRYPTED
        return Piece(0, self._cut(size), first=True, whole=True)

    def _stub(self) -> Piece | None:
        """Tell at its first byte what can be no message."""
        return None if self._data[self._at] in self.kinds else self._nonsense()

    def _nonsense(self) -> Piece:
        self.opaque = True
        return Piece(-1, self._cut(self.kept), first=True, whole=True)

    def _lump(self, kind: int, size: int, here: int) -> Piece:
        """Hand out rows as far as they have come, without looking at each by itself longer than needed."""
        data, start, end = self._data, self._at, len(self._data)
        at = start + size
        while at + 5 <= end and data[at] == kind:
            at += 1 + max(4, _INT.unpack_from(data, at + 1)[0])
        self._owed, self._kind = max(0, at - end), kind
        return Piece(kind, self._cut(min(at - start, here)), first=True, whole=at <= end)

    def _first(self, kind: int, size: int, here: int) -> Piece:
        taken = min(size, here)
        self._owed, self._kind = size - taken, kind
        return Piece(kind, self._cut(taken), first=True, whole=taken == size)

    def _more(self, here: int) -> Piece:
        taken = min(self._owed, here)
        self._owed -= taken
        return Piece(self._kind, self._cut(taken), first=False, whole=self._owed == 0)

    def _cut(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        return self._data if size == len(self._data) else self._data[start : self._at]


def text(raw: bytes) -> str:
    """Return bytes as text, up to the first zero byte. Names and statements come in the client's encoding."""
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def named(body: bytes, count: int) -> tuple[list[str], bytes]:
    """Return so many strings, each ended by a zero byte, and what follows them."""
    *found, rest = body.split(b"\0", count)
    return [each.decode("utf-8", "replace") for each in found] + [""] * (count - len(found)), rest


def message(kind: bytes, *parts: bytes) -> bytes:
    """Return a message of these parts."""
    body = b"".join(parts)
    return kind + _INT.pack(len(body) + 4) + body


def fields_of_error(body: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse or a NoticeResponse: "C" is the SQLSTATE, "M" the message."""
    return {text(field[:1]): text(field[1:]) for field in body.split(b"\0") if field}
