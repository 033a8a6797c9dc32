"""What a Redis server says, in RESP2 or RESP3: where a reply ends, and the beginning of what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from checker.evidence.taps.redis_wire import LINE, Message, NotRespError, number

__all__ = ["Reply", "RespError", "Value", "shown"]

WIDE = 32
"""Elements kept of a reply, unless more are asked for."""

NODES = 24
"""Values kept of one element, however deep they are in it."""

DEEP = 256
"""Aggregates in aggregates; what is deeper is no server's reply."""

OUTCOME = 300
"""Characters that are shown of a reply."""

_AGGREGATES = {b"*": 1, b"~": 1, b">": 1, b"%": 2, b"|": 2}
_PAYLOADS = (b"$", b"!", b"=")
_SIMPLE = (b"+", b"-", b":", b"_", b",", b"#", b"(")
_BOOLEANS = {b"t": "true", b"f": "false"}


class RespError(str):
    """The text of an error reply, without its sign: "ERR unknown command"."""

    __slots__ = ()


Value = str | None | list["Value"]
"""What was said: text, None for null, RespError for an error; aggregates of any kind are lists."""


class Reply(Message):
    """A reply, or what is said unasked. ``value`` once it is complete: of large ones only the beginning.

    ``kind``: the sign of its type, b">" for a push. ``length``: the elements it says it has. An attribute before it
    belongs to it.
    """

    kind = b""
    length = 0
    value: Value = None

    def __init__(self, wide: int = WIDE) -> None:
        super().__init__()
        self._wide = wide
        self._room = 0  # values that may still be kept of this element
        self._open: list[_Open] = []
        self._sign = b""  # of the payload that comes

    def lined(self, line: bytes) -> None:
        """Take a line: a value, or the beginning of one."""
        sign = line[:1]
        if not self._open and sign != b"|":
            self.kind = sign
        if sign in _PAYLOADS:
            self._begin_payload(sign, number(line))
        elif sign in _AGGREGATES:
            self._begin(sign, number(line))
        elif sign in _SIMPLE and (line[-1:] == b"\r" or len(line) == LINE):
            self._add(sign, line[1:].removesuffix(b"\r"))
        else:
            raise NotRespError(f"no line of a reply: {line[:40]!r}")

    def paid(self, text: bytes) -> None:
        """Take a payload."""
        self._add(self._sign, text[4:] if self._sign == b"=" else text)  # a verbatim string begins with "txt:"

    def _begin_payload(self, sign: bytes, length: int) -> None:
        if length < 0:
            self._add(b"_", b"")
        else:
            self._sign = sign
            self.expect(length)

    def _begin(self, sign: bytes, count: int) -> None:
        if not self._open and sign != b"|":
            self.length = count
        if count < 0:
            self._add(b"_", b"")
        elif count == 0 and sign != b"|":
            self._take([], kept=self._keeps())
        elif len(self._open) >= DEEP:
            raise NotRespError("aggregates in aggregates without an end")
        elif count:
            attribute = sign == b"|"
            kept = not attribute and self._keeps()
            self._open.append(_Open(count * _AGGREGATES[sign], attribute=attribute, kept=kept))

    def _add(self, sign: bytes, text: bytes) -> None:
        kept = self._keeps()
        self._take(_text(sign, text) if kept else None, kept=kept)

    def _keeps(self) -> bool:
        """Whether there is room for one more value where we stand."""
        if not self._open:
            return True
        inside = self._open[-1]
        if not inside.kept:
            return False
        if len(self._open) == 1:
            self._room = NODES
            return len(inside.values) < self._wide
        self._room -= 1
        return self._room >= 0

    def _take(self, value: Value, *, kept: bool) -> None:
        """Take a value that has ended. The last one of an aggregate ends that as well."""
        while self._open:
            inside = self._open[-1]
            inside.take(value, kept=kept)
            if inside.left:
                return
            self._open.pop()
            if inside.attribute:  # what it is about comes next
                return
            value, kept = inside.values, inside.kept
        self.value, self.complete = value, True


@dataclass(slots=True)
class _Open:
    """An aggregate that has not ended: ``left`` values are still to come."""

    left: int
    attribute: bool
    kept: bool
    values: list[Value] = field(default_factory=list)
    more: bool = False

    def take(self, value: Value, *, kept: bool) -> None:
        """Take a value that has ended; where the first is left out, "…" stands."""
        self.left -= 1
        if kept:
            self.values.append(value)
        elif self.kept and not self.more:
            self.more = True
            self.values.append("…")


def shown(value: Value) -> str:
    """Return a value as short text: "OK", "nil", "[a, [b, 1]]"."""
    text = _shown(value)
    return text if len(text) <= OUTCOME else text[: OUTCOME - 1] + "…"


def _shown(value: Value) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return "nil" if value is None else value


def _text(sign: bytes, text: bytes) -> Value:
    if sign == b"_":
        return None
    if sign == b"#":
        return _BOOLEANS.get(text, "?")
    said = text[:OUTCOME].decode("utf-8", "replace")
    return RespError(said) if sign in (b"-", b"!") else said
