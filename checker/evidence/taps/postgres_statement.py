"""A statement that went over the wire, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.evidence.taps.postgres_tables import touched
from checker.evidence.taps.postgres_text import is_verb, verb

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Statement", "chosen"]


@dataclass(eq=False, slots=True)
class Statement:
    """One statement. It is noted when it comes, and filled in as answers do; what is not known yet is "" or None.

    ``outcome``: "waiting", "done", "failed", "skipped" (one before it in its pipeline failed), or "lost": the connection
    ended first, and nobody knows. ``transaction``: what the server says once it is ready for more: "I" outside of a
    transaction, "T" in one, "E" in one that has failed. Times in seconds; ``at`` since the ledger was opened.
    """

    connection: int  # 1 is the first one through this tap
    text: str  # as it came, up to 64 KiB of it
    at: float
    check: str | None = None
    outcome: str = "waiting"
    tag: str = ""  # "INSERT 0 1"
    sqlstate: str = ""  # "23505"
    message: str = ""  # the server's words
    seconds: float | None = None  # until its answer
    transaction: str = ""
    fault: str | None = None  # what we did to it: "holds COMMIT", "loses writes to orders"
    whole: bool = True  # whether all of its text is here

    @property
    def verb(self) -> str:
        """What it does: "SELECT", "CREATE TABLE", "COMMIT" (END is one), "ROLLBACK TO"."""
        return verb(self.text)

    @property
    def reads(self) -> frozenset[str]:
        """The tables it reads, without schema and catalogs."""
        return touched(self.text).reads

    @property
    def writes(self) -> frozenset[str]:
        """The tables it writes, makes, changes or drops."""
        return touched(self.text).writes

    @property
    def opaque(self) -> bool:
        """Whether its tables could not be told."""
        return touched(self.text).opaque

    @property
    def rows(self) -> int:
        """How many rows its tag says; 0 where it says nothing."""
        last = self.tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    def touches(self, table: str) -> bool:
        """Whether it reads or writes the table. Texts without that name are not looked at more closely."""
        return table.lower() in self.text.lower() and table in touched(self.text).tables


def chosen(wanted: str | None, table: str | None, text: str | None) -> Callable[[Statement], bool]:
    """Return what tells whether a statement has this verb, touches this table and holds this text."""

    def wants(statement: Statement) -> bool:
        return (
            (text is None or text in statement.text)
            and (wanted is None or is_verb(statement.verb, wanted))
            and (table is None or statement.touches(table))
        )

    return wants
