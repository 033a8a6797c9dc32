"""The names behind the numbers that a row comes with: which column of which table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.evidence.taps.postgres_portals import Column

__all__ = ["Catalog", "Names"]

Names = Callable[[list[int]], dict[tuple[int, int], tuple[str, str]]]
"""Asks the server: tables' numbers → (table, column) as numbers → (table, column) as names, of those it knows."""


class Catalog:
    """One database's. It asks when a row with an unknown number comes, not before: by then the table is there.

    A service may make its tables when it starts, and its tests make them anew for each test.
    """

    def __init__(self, ask: Names) -> None:
        self._ask = ask
        self._names: dict[tuple[int, int], tuple[str, str]] = {}

    def find(self, table: str, column: str, columns: Sequence[Column]) -> list[int]:
        """Return where a table's column stands among those of a result.

        Of a table that nobody else can see yet, its transaction not being committed, the result's own names count.
        """
        unknown = {each.table for each in columns if each.stored and each.place not in self._names}
        if unknown:
            self._names |= self._ask(sorted(unknown))
        return [
            at
            for at, each in enumerate(columns)
            if each.stored and self._names.get(each.place, (table, each.name)) == (table, column)
        ]
