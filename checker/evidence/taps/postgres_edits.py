"""What is done to the rows of an answer on their way to the client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from checker.evidence.taps.postgres_values import altered, row, values
from checker.evidence.taps.postgres_wire import message

if TYPE_CHECKING:
    from checker.evidence.taps.postgres_portals import Column

__all__ = ["AlterColumn", "Chain", "Edit", "LeaveOut"]

Met = Callable[[], None]
"""Is called for each change."""


class Edit:
    """The rows of one statement's answer, as they come; nothing is done to them here."""

    def row(self, raw: bytes) -> bytes:
        """Take a DataRow, and return the bytes that go on now."""
        return raw

    def ends(self, tag: str) -> tuple[bytes, str]:
        """Take the end of the rows ("" where there may be more later): the bytes that still go on, and the tag."""
        return b"", tag


class AlterColumn(Edit):
    """Another value in some columns. ``columns`` and ``find``, which of them, are asked when the first row comes."""

    def __init__(
        self, columns: Callable[[], Sequence[Column]], find: Callable[[Sequence[Column]], list[int]], met: Met
    ) -> None:
        self._columns = columns
        self._find = find
        self._met = met
        self._wanted: list[tuple[int, Column]] | None = None

    def row(self, raw: bytes) -> bytes:
        """Change the row."""
        if self._wanted is None:
            columns = self._columns()
            self._wanted = [(at, columns[at]) for at in self._find(columns)]
        found_in = values(raw[5:])
        changed = list(found_in)
        for at, column in self._wanted:
            value = changed[at] if at < len(changed) else None
            if value is not None:
                changed[at] = altered(value, column.type, binary=column.binary)
        if changed == found_in:
            return raw
        self._met()
        return message(b"D", row(changed))


class LeaveOut(Edit):
    """All rows but the last one, where there are at least ``least``."""

    def __init__(self, least: int, met: Met) -> None:
        self._least = least
        self._met = met
        self._seen = 0
        self._last = b""

    def row(self, raw: bytes) -> bytes:
        """Keep it until another one comes."""
        before, self._last = self._last, raw
        self._seen += 1
        return before

    def ends(self, tag: str) -> tuple[bytes, str]:
        """Forget the last row, and count one less."""
        words, _, count = tag.rpartition(" ")
        last, self._last = self._last, b""
        if not last or self._seen < self._least or not count.isdigit():
            return last, tag
        self._met()
        return b"", f"{words} {int(count) - 1}"


class Chain(Edit):
    """One after the other."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits

    def row(self, raw: bytes) -> bytes:
        """Hand it on from one to the next."""
        for edit in self._edits:
            raw = edit.row(raw) if raw else raw
        return raw

    def ends(self, tag: str) -> tuple[bytes, str]:
        """Let each end: at the most one keeps rows back."""
        rest = b""
        for edit in self._edits:
            more, tag = edit.ends(tag)
            rest += more
        return rest, tag
