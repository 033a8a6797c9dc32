"""Where an HTTP/1.1 message ends (RFC 9112, sections 2 and 6), told from its bytes while they pass.

It reads, it never rewrites: whoever feeds it keeps the bytes as they came.
"""

from __future__ import annotations

import re
from functools import cached_property

from checker.evidence.headers import Headers, NotHTTPError

__all__ = ["Message", "Request", "Response"]

HEAD = 65_536
"""The largest head taken for one, in bytes."""

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) +(\S+) +HTTP/1\.([01]) *")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) +([1-9][0-9]{2})(?: .*)?", re.DOTALL)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FRAMING = re.compile(
    rb"\n(connection|content-encoding|content-length|expect|transfer-encoding)[ \t]*:([^\r\n]*)", re.IGNORECASE
)
_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHUNK_SIZE = re.compile(rb"\s*([0-9A-Fa-f]{1,15})\s*(?:;.*)?", re.DOTALL)

_TO_THE_END = -1


class Message:
    """One message, fed piece by piece. ``keep``: bytes of its body to keep (without the framing of chunks).

    ``headed`` once its head is known, ``complete`` once it has ended. ``size``: bytes of body so far.
    """

    headed = False
    complete = False
    http10 = False
    size = 0

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.body = bytearray()
        self._fields = b""
        self._tokens: dict[bytes, list[bytes]] = {}  # of the fields that matter here, in lower case
        self._line = bytearray()  # of the head, or of a chunk's, what has come so far
        self._left = 0  # bytes of body still to come, in this chunk or in all
        self._step = self._take_head

    def feed(self, data: bytes) -> int:
        """Take what belongs to this message and return how many bytes that was. NotHTTPError if it is none."""
        taken = 0
        while taken < len(data) and not self.complete:
            taken += self._step(data, taken)
        return taken

    def end(self) -> bool:
        """Note that no more bytes will come; whether the message was whole."""
        self.complete = self.complete or (self.headed and self._left == _TO_THE_END)
        return self.complete

    @property
    def framed(self) -> bool:
        """Whether its end can be told from its bytes; if not, the end of the connection is its end."""
        return self._left != _TO_THE_END

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this message."""
        tokens = self._tokens.get(b"connection", ())
        return b"close" in tokens or not self.framed or (self.http10 and b"keep-alive" not in tokens)

    @property
    def encoding(self) -> str:
        """Its Content-Encoding, "" if it has none."""
        return b", ".join(self._tokens.get(b"content-encoding", ())).decode("latin-1")

    @cached_property
    def headers(self) -> Headers:
        """The header fields; NotHTTPError if a line is none."""
        lines = [line.removesuffix(b"\r") for line in self._fields.split(b"\n")] if self._fields else []
        return Headers([line.decode("latin-1") for line in _unfold(lines)])

    def _may_begin(self, byte: int) -> bool:
        """Tell early what cannot become a message, so that nobody waits for its end."""
        raise NotImplementedError

    def _first_line(self, line: bytes) -> None:
        raise NotImplementedError

    def _bodiless(self) -> bool:
        raise NotImplementedError

    def _unframed(self) -> int:
        raise NotImplementedError

    def _take_head(self, data: bytes, start: int) -> int:
        if not self._line:
            blank = start
            while data[start : start + 1] in (b"\r", b"\n"):  # empty lines before it are allowed (RFC 9112, 2.2)
                start += 1
            if start > blank:
                return start - blank
            if not self._may_begin(data[start]):
                raise NotHTTPError(data[start : start + 40])
        before = len(self._line)
        head = self._line + data[start:] if before else data[start:] if start else data
        found = _HEAD_END.search(head, max(0, before - 3))
        if (found.end() if found else len(head)) > HEAD:
            raise NotHTTPError("a head without an end")
        if not found:
            self._line = bytearray(head)
            return len(data) - start
        self._line = bytearray()
        self._read_head(bytes(head[: found.start()]))
        return found.end() - before

    def _read_head(self, head: bytes) -> None:
        line, _, self._fields = head.partition(b"\n")
        self._first_line(line.removesuffix(b"\r"))
        for name, value in _FRAMING.findall(head):
            self._tokens.setdefault(name.lower(), []).extend(value.lower().replace(b" ", b"").strip().split(b","))
        self.headed = True
        coding = self._tokens.get(b"transfer-encoding")
        if self._bodiless():
            self.complete = True
        elif coding and coding[-1] == b"chunked":
            self._step = self._take_chunk_line
        else:
            self._left = self._unframed() if coding else self._content_length()
            self._step = self._take_body
            self.complete = self._left == 0

    def _content_length(self) -> int:
        given = set(self._tokens.get(b"content-length", ()))
        if not given:
            return self._unframed()
        value = given.pop()
        if given or not value.isdigit() or len(value) > 18:  # noqa: PLR2004  (fits 64 bits)
            raise NotHTTPError(value)
        return int(value)

    def _take_body(self, data: bytes, start: int) -> int:
        used = len(data) - start
        if self._left != _TO_THE_END:
            used = min(used, self._left)
        self._keep(data, start, used)
        if self._left != _TO_THE_END:
            self._left -= used
            self.complete = self._left == 0
        return used

    def _take_chunk_line(self, data: bytes, start: int) -> int:
        used, line = self._take_line(data, start)
        if line is not None:
            match = _CHUNK_SIZE.fullmatch(line)
            if not match:
                raise NotHTTPError(line[:20])
            self._left = int(match[1], 16)
            self._step = self._take_chunk if self._left else self._take_trailer
        return used

    def _take_chunk(self, data: bytes, start: int) -> int:
        used = min(len(data) - start, self._left)
        self._keep(data, start, used)
        self._left -= used
        if not self._left:
            self._step = self._take_chunk_end
        return used

    def _take_chunk_end(self, data: bytes, start: int) -> int:
        used, line = self._take_line(data, start)
        if line:
            raise NotHTTPError("a chunk longer than it said")
        if line is not None:
            self._step = self._take_chunk_line
        return used

    def _take_trailer(self, data: bytes, start: int) -> int:
        used, line = self._take_line(data, start)
        self.complete = line == b""
        return used

    def _take_line(self, data: bytes, start: int) -> tuple[int, bytes | None]:
        """Return how much was used, and the line once it is whole."""
        found = data.find(b"\n", start)
        end = found if found >= 0 else len(data)
        self._line += data[start:end]
        if len(self._line) > HEAD:
            raise NotHTTPError("a line without an end")
        if found < 0:
            return end - start, None
        line = bytes(self._line).removesuffix(b"\r")
        self._line.clear()
        return end + 1 - start, line

    def _keep(self, data: bytes, start: int, used: int) -> None:
        self.size += used
        room = min(used, self.keep - len(self.body))
        if room > 0:
            self.body += data[start : start + room]


class Request(Message):
    """A request: ``method`` and ``target`` as they were sent."""

    method = ""
    target = ""

    def __str__(self) -> str:
        """Return it as the ledger has it: "GET /orders/1"."""
        return f"{self.method} {self.target}" if self.headed else "connection"

    @property
    def waits_for_continue(self) -> bool:
        """Whether its body comes only after 100 Continue."""
        return b"100-continue" in self._tokens.get(b"expect", ())

    def _may_begin(self, byte: int) -> bool:
        return byte in _TOKEN

    def _first_line(self, line: bytes) -> None:
        match = _REQUEST_LINE.fullmatch(line)
        if not match:
            raise NotHTTPError(line[:80])
        self.method, self.target = match[1].decode(), match[2].decode("latin-1")
        self.http10 = match[3] == b"0"

    def _bodiless(self) -> bool:
        return False

    def _unframed(self) -> int:
        if b"transfer-encoding" in self._tokens:
            raise NotHTTPError("a request body without an end")
        return 0


class Response(Message):
    """The reply to ``request``."""

    status = 0

    def __init__(self, keep: int, request: Request) -> None:
        super().__init__(keep)
        self._request = request

    @property
    def interim(self) -> bool:
        """Whether another one follows (RFC 9110, 15.2)."""
        return 100 <= self.status < 200 and self.status != 101  # noqa: PLR2004

    @property
    def tunnels(self) -> bool:
        """Whether the connection speaks something else from here on."""
        return self.status == 101 or (self._request.method == "CONNECT" and 200 <= self.status < 300)  # noqa: PLR2004

    def _may_begin(self, byte: int) -> bool:
        return byte == ord("H")

    def _first_line(self, line: bytes) -> None:
        match = _STATUS_LINE.fullmatch(line)
        if not match:
            raise NotHTTPError(line[:80])
        self.status = int(match[2])
        self.http10 = match[1] == b"0"

    def _bodiless(self) -> bool:
        without = self.status < 200 or self.status in (204, 304)  # noqa: PLR2004  (RFC 9112, 6.3)
        return without or self._request.method == "HEAD" or self.tunnels

    def _unframed(self) -> int:
        return _TO_THE_END


def _unfold(lines: list[bytes]) -> list[bytes]:
    """Join the obsolete lines that go on with a blank (RFC 9112, 5.2)."""
    fields: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b" " + line.strip()
        else:
            fields.append(line)
    return fields
