"""Bugs that are planted between a service and its database, for a test of the service to notice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from checker.evidence.taps.postgres_edits import AlterColumn, Edit, LeaveOut
from checker.evidence.taps.postgres_text import is_verb

if TYPE_CHECKING:
    from checker.evidence.taps.base import Tap
    from checker.evidence.taps.postgres_catalog import Catalog
    from checker.evidence.taps.postgres_portals import Column
    from checker.evidence.taps.postgres_statement import Statement

__all__ = ["Alters", "Bug", "LeavesOut", "LosesWrites"]

_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")


@dataclass(eq=False)
class Bug:
    """A bug on one table. ``met``: how often it has changed what a client reads, or what is kept."""

    what: str  # "loses writes to orders"
    source: Tap = field(repr=False)
    table: str
    met: int = 0

    @property
    def unmet(self) -> bool:
        """Whether it has changed nothing so far: then no test could have noticed it."""
        return self.met == 0

    def meets(self) -> None:
        """Note, in the loop, that it has acted."""
        self.met += 1

    def edit(self, statement: Statement, columns: Callable[[], list[Column]]) -> Edit | None:  # noqa: ARG002
        """Return what is done to the rows of a statement's answer, None where nothing is."""
        return None


class LosesWrites(Bug):
    """What writes the table is confirmed and then rolled back, with all else in its transaction."""

    def is_for(self, statement: Statement) -> bool:
        """Whether a statement writes the table."""
        return statement.verb in _WRITES and statement.touches(self.table) and self.table in statement.writes


class _Read(Bug):
    def is_for(self, statement: Statement) -> bool:
        """Whether a statement reads the table."""
        return is_verb(statement.verb, "SELECT") and statement.touches(self.table)


@dataclass(eq=False, kw_only=True)
class Alters(_Read):
    """A column's values are others when they are read by a SELECT. ``catalog`` knows where the column is."""

    column: str
    catalog: Catalog = field(repr=False)

    def edit(self, statement: Statement, columns: Callable[[], list[Column]]) -> Edit | None:
        """Change that column in each row."""
        find = partial(self.catalog.find, self.table, self.column)
        return AlterColumn(columns, find, self.meets) if self.is_for(statement) else None


@dataclass(eq=False)
class LeavesOut(_Read):
    """The last row of a SELECT is left out where there are at least ``least``."""

    least: int = 2

    def edit(self, statement: Statement, columns: Callable[[], list[Column]]) -> Edit | None:  # noqa: ARG002
        """Keep the last row back."""
        return LeaveOut(self.least, self.meets) if self.is_for(statement) else None
