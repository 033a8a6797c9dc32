"""What PostgreSQL was asked, as it logged it: the raw material of the coupling map."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, NamedTuple

from checker.backing.connect import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Statement", "StatementLog"]


class Statement(NamedTuple):
    """One statement: the database and the ``application_name`` it came from, and its text, comments included."""

    database: str
    application: str
    sql: str


class StatementLog:
    """Reads statements back from a log that :attr:`settings` made the server write.

    Each entry starts with a random mark, which no statement can forge.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._mark = f"\x1e{secrets.token_hex(8)}\x1f"
        self.settings = {
            "log_statement": "all",
            "log_line_prefix": f"{self._mark}%d\x1f%a\x1f",
            "log_parameter_max_length": "0",
            "log_min_error_statement": "panic",
        }

    def read(self) -> list[Statement]:
        """Return all statements so far but our own, in the order in which the server took them."""
        return [statement for statement in self._entries() if statement.application != APPLICATION]

    def _entries(self) -> Iterator[Statement]:
        text = self._log.read_text(errors="replace") if self._log.exists() else ""
        for entry in text.split(self._mark)[1:]:
            database, application, message = entry.split("\x1f", 2)
            if found := MESSAGE.match(message):
                yield Statement(
                    database,
                    "" if application == "[unknown]" else application,
                    found["sql"].replace("\n\t", "\n").rstrip("\n"),
                )


MESSAGE = re.compile(r"LOG:  (?:statement|execute [^:]*): (?P<sql>.*)", re.DOTALL)
