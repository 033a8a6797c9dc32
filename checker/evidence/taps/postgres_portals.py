"""What a connection has prepared: statements, and portals made of them, with the columns that they return."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from checker.evidence.taps.postgres_wire import named, text

if TYPE_CHECKING:
    from checker.evidence.taps.postgres_statement import Statement

__all__ = ["Column", "Portal", "Portals", "Prepared", "columns"]

_COLUMN = struct.Struct("!IhIhih")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result: its name there, its place in a table, its type, and whether it is binary."""

    name: str
    table: int
    number: int
    type: int
    binary: bool

    @property
    def place(self) -> tuple[int, int]:
        """The numbers of table and column in the catalog; 0 and 0 where it is computed."""
        return self.table, self.number

    @property
    def stored(self) -> bool:
        """Whether it is a column of a table, by that table's definition."""
        return self.table > 0 and self.number > 0


@dataclass(eq=False, slots=True)
class Prepared:
    """A statement that was parsed. ``fields``: the body of its RowDescription, once it was described."""

    text: str
    whole: bool
    fields: bytes = b""


@dataclass(eq=False, slots=True)
class Portal:
    """A prepared statement with its parameters. ``bound``: what follows the names in the body of its Bind."""

    prepared: Prepared
    bound: bytes = b""
    fields: bytes = b""
    statement: Statement | None = None  # once it was executed

    def columns(self) -> list[Column]:
        """Return the columns of its rows; none where they were never described."""
        if self.fields:
            return columns(self.fields)
        found, formats = columns(self.prepared.fields), _formats(self.bound)
        if len(formats) <= 1:
            formats = (formats or [0]) * len(found)
        return [replace(each, binary=bool(how)) for each, how in zip(found, formats, strict=False)]


@dataclass
class Portals:
    """All of a connection's, by name; "" is the one without."""

    prepared: dict[str, Prepared] = field(default_factory=dict)
    portals: dict[str, Portal] = field(default_factory=dict)

    def parse(self, body: bytes, *, whole: bool) -> Prepared:
        """Take a Parse."""
        (name, sql), _ = named(body, 2)
        found = self.prepared[name] = Prepared(sql, whole)
        return found

    def bind(self, body: bytes, *, whole: bool) -> None:
        """Take a Bind."""
        (portal, name), rest = named(body, 2)
        self.portals[portal] = Portal(self.prepared.get(name) or Prepared("", whole=False), rest if whole else b"")

    def described(self, body: bytes) -> Prepared | Portal | None:
        """Take a Describe; what it is about."""
        name = named(body[1:], 1)[0][0]
        return self.prepared.get(name) if body[:1] == b"S" else self.portals.get(name)

    def executed(self, body: bytes) -> Portal:
        """Take an Execute."""
        name = named(body, 1)[0][0]
        return self.portals.get(name) or Portal(Prepared("", whole=False))

    def close(self, body: bytes) -> None:
        """Take a Close."""
        name = named(body[1:], 1)[0][0]
        if body[:1] == b"S":
            self.prepared.pop(name, None)
        else:
            self.portals.pop(name, None)


def columns(fields: bytes) -> list[Column]:
    """Return what a RowDescription says; as far as it is here."""
    found, at = [], 2
    while (end := fields.find(b"\0", at)) >= 0 and end + 1 + _COLUMN.size <= len(fields):
        table, number, type_, _, _, how = _COLUMN.unpack_from(fields, end + 1)
        found.append(Column(text(fields[at:end]), table, number, type_, binary=bool(how)))
        at = end + 1 + _COLUMN.size
    return found


def _formats(bound: bytes) -> list[int]:
    """Return the formats that a Bind asks for; behind the parameters and their formats."""
    try:
        at = 2 + 2 * struct.unpack_from("!h", bound)[0]
        (parameters,) = struct.unpack_from("!h", bound, at)
        at += 2
        for _ in range(parameters):
            at += 4 + max(0, struct.unpack_from("!i", bound, at)[0])
        (count,) = struct.unpack_from("!h", bound, at)
        return list(struct.unpack_from(f"!{count}h", bound, at + 2))
    except struct.error:
        return []
