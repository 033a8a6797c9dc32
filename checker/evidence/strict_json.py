"""JSON as the standard has it and no more, and values that say where they are when they are not what was asked for."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from checker.errors import N_, BadReply

__all__ = ["ListOfValues", "Object", "parse"]

DEPTH = 64
"""How deep a document may be nested."""

DIGITS = 40
"""How long a number may be, in characters."""

SHOWN = 12
"""How many field names a message lists."""


class Object(dict[str, Any]):
    """A JSON object. A field that is not there is a BadReply which names the path to it."""

    path = ""

    def __missing__(self, key: object) -> NoReturn:
        """Say what is missing, and what is there."""
        has = ", ".join(list(self)[:SHOWN]) or "nothing"
        raise BadReply(N_("{where} has no field {key!r}; it has: {has}."), where=_where(self.path), key=key, has=has)


class ListOfValues(list[Any]):
    """A JSON array. A place that is not there is a BadReply which names the path to it."""

    path = ""

    def __getitem__(self, index: Any) -> Any:
        """Return what is there; BadReply where nothing is, or where a field is asked for."""
        if isinstance(index, str):
            raise BadReply(N_("{where} is a list, so it has no field {key!r}."), where=_where(self.path), key=index)
        try:
            return super().__getitem__(index)
        except IndexError:
            message = N_("{where} has no item {index}; it has {count}.")
            raise BadReply(message, where=_where(self.path), index=index, count=len(self)) from None


def parse(text: str) -> Any:
    """Return the value of a JSON text (RFC 8259), with ``Object`` and ``ListOfValues`` in it.

    ValueError, with the reason, where it is none: no NaN, no number beyond a float, no key twice, nothing nested deeper
    than ``DEPTH``.
    """
    try:
        value = json.loads(
            text, parse_constant=_no_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_once_each
        )
        return _placed(value, "", 0)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH}") from None


def _placed(value: Any, path: str, depth: int) -> Any:
    """Return the value with each container told where it is."""
    if depth > DEPTH:
        raise ValueError(f"nested deeper than {DEPTH}")
    if isinstance(value, Object):
        value.path = path
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                value[key] = _placed(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        value = ListOfValues(_placed(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value))
        value.path = path
    return value


def _where(path: str) -> str:
    return f"reply field {path}" if path else "reply"


def _once_each(pairs: list[tuple[str, Any]]) -> Object:
    found = Object(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _int(digits: str) -> int:
    if len(digits) > DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= DIGITS else math.inf
    if math.isinf(value):
        raise ValueError(f"the number {digits[:DIGITS]}")
    return value
