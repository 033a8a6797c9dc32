"""What a coupling map holds: who is there, who imports, calls and queries whom, and three numbers to compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

__all__ = ["Call", "CouplingMap", "Import", "Join", "Module", "Numbers", "Query", "Step", "Table"]


@dataclass(frozen=True)
class Module:
    """A module of the learner's. ``service``: whose process it is part of, "" where it belongs to none alone."""

    name: str  # "shop.orders"
    label: str  # "orders"
    service: str
    domain: str  # who will own it once the shop has been taken apart


@dataclass(frozen=True)
class Table:
    """A table, and the database it is in. ``owner`` is "" where the contract does not know it."""

    name: str
    owner: str
    database: str


@dataclass(frozen=True)
class Import:
    """One module imports another. ``crossing``: they are of different domains."""

    source: str
    target: str
    crossing: bool


@dataclass(frozen=True)
class Call:
    """One service asks another. ``operations``: how often which was asked, ids written as {id}."""

    caller: str
    callee: str
    operations: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        """All requests together."""
        return sum(count for _, count in self.operations)


@dataclass(frozen=True)
class Query:
    """Statements of one source on one table. ``module`` is "" where statements say only which service they are of."""

    service: str
    module: str
    domain: str
    database: str
    table: str
    reads: int
    writes: int
    crossing: bool

    @property
    def count(self) -> int:
        """Statements, be they reads or writes."""
        return self.reads + self.writes


@dataclass(frozen=True)
class Join:
    """Statements of one source that put tables of several owners together."""

    service: str
    module: str
    tables: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Step:
    """One request of the tour, and what it set off. ``status`` is None where no reply came or it could not be asked."""

    name: str
    request: str
    status: int | None
    calls: int
    statements: int


@dataclass(frozen=True)
class Numbers:
    """What a lab is compared with the next by."""

    imports_across: int  # pairs of modules of different domains
    tables_shared: int | None  # tables that somebody else than their owner touched; None where that was not seen
    calls_per_order: int  # requests between services while one order was placed


@dataclass(frozen=True)
class CouplingMap:
    """Everything that was seen of one system. ``queries_seen``: whether statements could be watched at all.

    ``polls``: statements that are asked all the time, each of which is counted once.
    """

    lab: str
    services: tuple[str, ...]
    modules: tuple[Module, ...]
    tables: tuple[Table, ...]
    imports: tuple[Import, ...]
    calls: tuple[Call, ...]
    queries: tuple[Query, ...]
    joins: tuple[Join, ...]
    steps: tuple[Step, ...]
    opaque: int  # statements that could not be read
    calls_per_order: int
    polls: int = 0
    queries_seen: bool = True

    @cached_property
    def numbers(self) -> Numbers:
        """The three numbers under the picture."""
        return Numbers(
            imports_across=sum(each.crossing for each in self.imports),
            tables_shared=len(self._shared) if self.queries_seen else None,
            calls_per_order=self.calls_per_order,
        )

    @property
    def _shared(self) -> set[tuple[str, str]]:
        return {(query.database, query.table) for query in self.queries if query.crossing}

    def touching(self, table: Table) -> list[Query]:
        """Return who touched a table."""
        return [query for query in self.queries if (query.database, query.table) == (table.database, table.name)]

    def called(self, database: str, table: str) -> str:
        """Return what a table is called in a text: by its database as well, where another one has its namesake."""
        namesakes = sum(each.name == table for each in self.tables)
        return f"{database}.{table}" if namesakes > 1 else table

    def as_dict(self) -> dict[str, Any]:
        """Return the plain JSON form, the numbers among it. ``version`` rises when its shape changes."""
        found = {key: value for key, value in asdict(self).items() if key != "calls_per_order"}
        for call, plain in zip(self.calls, found["calls"], strict=True):
            plain |= {"operations": dict(call.operations), "count": call.count}
        return {"version": 2, **found, "numbers": asdict(self.numbers)}
