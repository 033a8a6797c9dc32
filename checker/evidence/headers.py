"""Header fields, and what is said of bytes that are no HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["Headers", "NotHTTPError"]

_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class NotHTTPError(Exception):
    """These bytes are no HTTP/1.1 message."""


class Headers(Mapping[str, str]):
    """Header fields by name, whatever its case. Repeated ones are joined by a comma."""

    __slots__ = ("_fields",)

    def __init__(self, lines: list[str]) -> None:
        self._fields: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not _FIELD_NAME.fullmatch(name):
                raise NotHTTPError(line)
            key = name.lower()
            value = value.strip(" \t")
            self._fields[key] = f"{self._fields[key]}, {value}" if key in self._fields else value

    def __getitem__(self, name: str) -> str:
        """Return the value; KeyError if there is no such field."""
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        """Go through the names, in lower case."""
        return iter(self._fields)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._fields)

    def __repr__(self) -> str:
        """Show them as a dict."""
        return repr(self._fields)
