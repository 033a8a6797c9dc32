"""Values as they stand in a row, and how they are made into others that look just as good."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

__all__ = ["altered", "row", "values"]

_INTEGERS = {21: "!h", 23: "!i", 20: "!q", 26: "!I"}
_FLOATS = {700: "!f", 701: "!d"}
_TEXTS = {25, 1043, 1042, 19, 18, 705}
_NUMERIC, _BOOL, _UUID = 1700, 16, 2950
"""Types by their number in pg_type, which never changes for those that are built in."""


def values(body: bytes) -> list[bytes | None]:
    """Return what the body of a DataRow holds; None is NULL."""
    found: list[bytes | None] = []
    at = 2
    for _ in range(struct.unpack_from("!h", body)[0]):
        (size,) = struct.unpack_from("!i", body, at)
        at += 4
        found.append(None if size < 0 else body[at : at + size])
        at += max(0, size)
    return found


def row(found: Sequence[bytes | None]) -> bytes:
    """Return the body of a DataRow that holds this."""
    parts = [struct.pack("!i", -1) if each is None else struct.pack("!i", len(each)) + each for each in found]
    return struct.pack("!h", len(found)) + b"".join(parts)


def altered(value: bytes, type_: int, *, binary: bool) -> bytes:
    """Return another value of that type: a number one more, a text of which one character differs, the opposite.

    Types that are none of these (times, JSON, arrays) and empty texts stay as they are.
    """
    if type_ in _TEXTS:
        return _other_text(value)
    if type_ == _BOOL:
        return {b"t": b"f", b"f": b"t", b"\0": b"\1", b"\1": b"\0"}.get(value, value)
    if type_ == _UUID:
        return value[:-1] + bytes([value[-1] ^ 1 if binary else ord("1" if value[-1:] == b"0" else "0")])
    if type_ in _INTEGERS or type_ in _FLOATS or type_ == _NUMERIC:
        return _one_more_binary(value, type_) if binary else _one_more(value, type_)
    return value


def _one_more(value: bytes, type_: int) -> bytes:
    if type_ in _INTEGERS:
        return str(_next(int(value), _INTEGERS[type_])).encode()
    try:
        number = Decimal(value.decode())
        return str(number + 1).encode() if number.is_finite() else value
    except InvalidOperation:
        return value


def _one_more_binary(value: bytes, type_: int) -> bytes:
    if type_ == _NUMERIC:
        return _numeric(value)
    how = _INTEGERS.get(type_) or _FLOATS[type_]
    (number,) = struct.unpack(how, value)
    return struct.pack(how, number + 1 if type_ in _FLOATS else _next(number, how))


def _next(number: int, how: str) -> int:
    """Return the next number, or at the end of the range the one before."""
    bits = 8 * struct.calcsize(how) - how[-1].islower()
    return number + 1 if number + 1 < 2**bits else number - 1


def _numeric(value: bytes) -> bytes:
    """Change the leading group of four digits by one; zero, which has none, becomes 1."""
    count, weight, sign, scale = struct.unpack_from("!hhHh", value)
    if sign not in (0, 0x4000):  # NaN, infinity
        return value
    if count == 0:
        return struct.pack("!hhHhh", 1, 0, 0, scale, 1)
    (digits,) = struct.unpack_from("!h", value, 8)
    digits += 1 if digits < 9999 and weight >= 0 else -1 if digits > 1 else 0  # noqa: PLR2004  (base 10,000)
    return struct.pack("!hhHhh", count, weight, sign, scale, digits) + value[10:]


def _other_text(value: bytes) -> bytes:
    """Change the last letter or digit into another; where there is none, the last character."""
    words = value.decode("utf-8", "replace")
    for at in range(len(words) - 1, -1, -1):
        if words[at].isascii() and words[at].isalnum():
            return (words[:at] + _beside(words[at]) + words[at + 1 :]).encode()
    other = (words[:-1] + chr(ord(words[-1]) ^ 1)).encode("utf-8", "replace") if words else value
    return other if len(other) == len(value) else value


def _beside(character: str) -> str:
    return {"z": "a", "Z": "A", "9": "0"}.get(character, chr(ord(character) + 1))
