"""Which domain a module, a tag or a table is of: who owns it by the end of a lab, once its line has been drawn.

The vocabulary is the contract's: a service's name, its tables, the segments of its paths. A module is of the domain
that its name is a word of, as long as its service owns that word, or has yet to give up what it once owned; else it is
of its service's own. A module that speaks HTTP or gRPC itself is a client, and of the service that uses it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.course import Contract, Owner

__all__ = ["Domains"]


class Domains:
    """Contracts laid over each other: ``now``, the lab's; ``line``, by which domains are told apart; ``before``, earlier ones.

    ``tables``: those of the contract in this lab, each with the database that it is in: (database, name).
    """

    def __init__(self, now: Contract, line: Contract, before: Sequence[Contract] = ()) -> None:
        self._now = _words_by_service([now])
        self._once = _words_by_service(before)
        self._line = _vocabulary(line.owners)
        moved = {table: name for _, table, name in _tables(line)}
        left_behind = {(base, table): moved.get(table, "") for each in before for base, table, _ in _tables(each)}
        self._owners = left_behind | {(base, table): name for base, table, name in _tables(line)}
        self.tables = tuple((base, table) for base, table, _ in _tables(now))

    def of(self, service: str, parts: Sequence[str], *, client: bool = False) -> str:
        """Return the domain of what a service calls by these names, outermost first ("clients", "orders").

        ``client``: it speaks to other services itself.
        """
        words = [_plain(part) for part in parts]
        known = [word for word in words if word in self._now.get(service, ())]
        left_over = [word for word in words[:1] if word in self._once.get(service, ()) and not client]
        return next((self._line[word] for word in (*known, *left_over) if word in self._line), service)

    def owner(self, database: str, table: str) -> str:
        """Return who owns a table of a database once the line is drawn, "" where the contract does not know it.

        What moved out of there is its new owner's, there too.
        """
        return self._owners.get((database, table), "")


def _tables(contract: Contract) -> list[tuple[str, str, str]]:
    """Return each table: its database, its name, and its owner."""
    return [(owner.database, table, name) for name, owner in contract.owners.items() for table in owner.tables]


def _words_by_service(contracts: Iterable[Contract]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for contract in contracts:
        for service, owner in contract.owners.items():
            found.setdefault(service, set()).update(word for word, _ in _words(service, owner))
    return found


def _vocabulary(owners: Mapping[str, Owner]) -> dict[str, str]:
    """Return each word's owner; where several have it, the one whose it is most plainly, else nobody."""
    claims: dict[str, dict[int, set[str]]] = {}
    for service, owner in owners.items():
        for word, rank in _words(service, owner):
            claims.setdefault(word, {}).setdefault(rank, set()).add(service)
    best = {word: ranked[min(ranked)] for word, ranked in claims.items()}
    return {word: next(iter(claimed)) for word, claimed in best.items() if len(claimed) == 1}


def _words(service: str, owner: Owner) -> Iterator[tuple[str, int]]:
    """Yield the words of a service and how plainly each is its: name, tables, first and later segments, parts of names."""
    yield _plain(service), 0
    for table in owner.tables:
        yield _plain(table), 1
        yield from ((_plain(part), 4) for part in table.split("_"))
    for operation in owner.operations:
        path = operation.partition(" ")[2]
        segments = [part for part in path.split("/") if part and not part.startswith("{")]
        yield from ((_plain(segment), 2 + (at > 0)) for at, segment in enumerate(segments))


def _plain(word: str) -> str:
    """Return a word as it is compared: small letters, no plural."""
    return re.sub(r"[^a-z_]", "", word.lower()).removesuffix("s")
