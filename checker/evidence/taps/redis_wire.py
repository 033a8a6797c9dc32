"""Where a message of RESP ends, told from its bytes while they pass; and the commands that a client sends in it.

It reads, it never rewrites: whoever feeds it keeps the bytes as they came. Of large values only the beginning is kept.
Source: "Redis serialization protocol specification", redis.io.
"""

from __future__ import annotations

import shlex

__all__ = ["LINE", "TEXT", "Asking", "Message", "NotRespError", "number"]

LINE = 65_536
"""Bytes kept of a line; also the longest inline command, as with the server."""

TEXT = 200
"""Bytes kept of a word, or of a value in a reply."""

WORDS = 64
"""Words of a command that are kept."""

LONGEST = 19
"""Digits of a 64 bit number."""

_LINE_END = b"\r\n"


class NotRespError(ValueError):
    """These bytes are no RESP: from here on nobody can say where a message ends."""


class Message:
    """One message, fed piece by piece: lines, and payloads whose length was said before.

    ``complete`` once it has ended; ``begun`` once there is a byte of it.
    """

    complete = False
    begun = False

    def __init__(self) -> None:
        self._line = bytearray()  # what has come of a line, or of a payload's end
        self._kept = bytearray()  # the beginning of a payload
        self._left = -1  # bytes of a payload still to come; -1 where a line is

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take what belongs to this message from ``start`` on; return where that ends. NotRespError if it is none."""
        at = start
        while at < len(data) and not self.complete:
            self.begun = True
            at = self._take_line(data, at) if self._left < 0 else self._take_payload(data, at)
        return at

    def expect(self, length: int) -> None:
        """Expect a payload of so many bytes next."""
        self._left = length

    def lined(self, line: bytes) -> None:
        """Take a line: without its line feed, and no more than ``LINE`` bytes of it."""
        raise NotImplementedError

    def paid(self, text: bytes) -> None:
        """Take the beginning of a payload that has ended, ``TEXT`` bytes at most."""
        raise NotImplementedError

    def _take_line(self, data: bytes, at: int) -> int:
        found = data.find(b"\n", at)
        if found >= 0 and not self._line:
            self.lined(data[at : min(found, at + LINE)])
            return found + 1
        end = len(data) if found < 0 else found
        self._line += data[at : min(end, at + LINE - len(self._line))]
        if found < 0:
            return end
        line = bytes(self._line)
        self._line.clear()
        self.lined(line)
        return found + 1

    def _take_payload(self, data: bytes, at: int) -> int:
        used = min(self._left, len(data) - at)
        room = min(used, TEXT - len(self._kept))
        if room > 0:
            self._kept += data[at : at + room]
        self._left -= used
        return at + used if self._left else self._take_end(data, at + used)

    def _take_end(self, data: bytes, at: int) -> int:
        end = at + len(_LINE_END) - len(self._line)
        self._line += data[at:end]
        if not _LINE_END.startswith(self._line):
            raise NotRespError("a payload that is longer than it said")
        if len(self._line) < len(_LINE_END):
            return len(data)
        text = bytes(self._kept)
        self._line.clear()
        self._kept.clear()
        self._left = -1
        self.paid(text)
        return end


class Asking(Message):
    """A command: an array of words, or one line of them (*inline*). ``words``: the first ``WORDS``, each capped.

    ``count``: how many there are in all, as far as is known. One without words is passed over by the server.
    """

    inline = False
    count = 0

    def __init__(self) -> None:
        super().__init__()
        self.words: list[bytes] = []
        self._more = 0  # words still to come

    @property
    def beginning(self) -> list[bytes]:
        """The words so far, the beginning of one that has not ended among them."""
        return [*self.words, bytes(self._kept)] if self._kept and len(self.words) < WORDS else self.words

    def lined(self, line: bytes) -> None:
        """Take a line: how many words there are, how long the next is, or all of them inline."""
        if self._more:
            self.expect(_length(line))
        elif line[:1] == b"*":
            self.count = self._more = max(0, number(line))
            self.complete = not self._more
        else:
            words = _split(line)
            self.inline = self.complete = True
            self.count, self.words = len(words), [word[:TEXT] for word in words[:WORDS]]

    def paid(self, text: bytes) -> None:
        """Take a word."""
        if len(self.words) < WORDS:
            self.words.append(text)
        self._more -= 1
        self.complete = not self._more


def number(line: bytes) -> int:
    """Return the number in a line like "*3", its return included. NotRespError if there is none."""
    digits = line[1:-1]
    if line[-1:] != b"\r" or len(digits) > LONGEST or not digits.removeprefix(b"-").isdigit():
        raise NotRespError(f"no number: {line[:40]!r}")
    return int(digits)


def _length(line: bytes) -> int:
    length = number(line)
    if line[:1] != b"$" or length < 0:
        raise NotRespError(f"no length of a word: {line[:40]!r}")
    return length


def _split(line: bytes) -> list[bytes]:
    """Split an inline command as the server does, as far as its quotes are those of a shell."""
    text = line.decode("latin-1")
    try:
        words = shlex.split(text)
    except ValueError:  # the server will say so
        words = text.split()
    return [word.encode("latin-1") for word in words]
