"""What was seen of a system on its tour, and the map of it: a pure function."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from checker.coupling.model import Call, CouplingMap, Import, Join, Module, Query, Step, Table
from checker.coupling.sql import tables, tag
from checker.coupling.tour import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from checker.backing.statements import Statement
    from checker.coupling.domains import Domains
    from checker.coupling.imports import Graph
    from checker.ledger import Exchange

__all__ = ["Seen", "map_of"]


@dataclass
class Seen:
    """What came of a tour. ``homes``: each database's name in the contract; ``polls``: what is asked all the time."""

    services: tuple[str, ...]
    homes: dict[str, str]
    watched: bool
    polls: AbstractSet[tuple[str, str]] = frozenset()
    steps: list[Step] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    statements: list[tuple[str, Statement]] = field(default_factory=list)  # with the service that each is of

    def counted(self) -> list[tuple[str, Statement]]:
        """Return the statements, each poll but once: how often it came says how long we watched."""
        keyed = {(each[0], each[1].sql) if self.is_poll(*each) else at: each for at, each in enumerate(self.statements)}
        return list(keyed.values())

    def is_poll(self, service: str, asked: Statement) -> bool:
        """Tell whether a service asks this all the time."""
        return (service, asked.sql) in self.polls

    def home(self, statement: Statement) -> str:
        """Return the contract's name of the database that a statement was asked of, "" for one that it does not know."""
        return self.homes.get(statement.database, "")


class _Touch(NamedTuple):
    """Who touched what: the key by which statements are counted."""

    service: str
    module: str
    domain: str
    database: str
    table: str


def map_of(seen: Seen, lab: str, domains: Domains, graph: Graph) -> CouplingMap:
    """Return the map of what was seen of the system of a lab ("03-calls"), whose modules are those of the graph."""
    modules = {
        name: Module(
            name, ".".join(part.inside) or name, part.service, domains.of(part.service, part.inside, client=part.client)
        )
        for name, part in graph.modules.items()
    }
    queries, joins, opaque = _queries(seen, domains, modules)
    return CouplingMap(
        lab=lab,
        services=seen.services,
        modules=tuple(modules.values()),
        tables=_tables(domains, queries),
        imports=tuple(_import(modules[source], modules[target]) for source, target in graph.imports),
        calls=_calls(seen.exchanges),
        queries=queries,
        joins=joins,
        steps=tuple(seen.steps),
        opaque=opaque,
        calls_per_order=next(step.calls for step in seen.steps if step.name == ORDER),
        polls=sum(bool(tables(sql).touched) for _, sql in seen.polls),
        queries_seen=seen.watched,
    )


def _import(source: Module, target: Module) -> Import:
    """Say who imports whom; what belongs to no service is everybody's, and nobody crosses a border for it."""
    crossing = bool(source.service and target.service) and source.domain != target.domain
    return Import(source.name, target.name, crossing)


def _calls(exchanges: Iterable[Exchange]) -> tuple[Call, ...]:
    counted: dict[tuple[str, str], Counter[str]] = {}
    for exchange in exchanges:
        operation = re.sub(r"/\d+(?=/|$)", "/{id}", exchange.request.partition("?")[0])
        counted.setdefault((exchange.caller, exchange.callee), Counter())[operation] += 1
    return tuple(Call(*ends, tuple(operations.most_common())) for ends, operations in sorted(counted.items()))


def _queries(
    seen: Seen, domains: Domains, modules: dict[str, Module]
) -> tuple[tuple[Query, ...], tuple[Join, ...], int]:
    reads, writes, joins = Counter[_Touch](), Counter[_Touch](), Counter[Join]()
    opaque = 0
    for service, statement in seen.counted():
        found, (module, domain) = tables(statement.sql), _source(service, tag(statement.sql), domains, modules)
        home = seen.home(statement)
        opaque += found.opaque
        reads.update(_Touch(service, module, domain, home, table) for table in found.reads)
        writes.update(_Touch(service, module, domain, home, table) for table in found.writes)
        together = sorted(found.touched)
        if len({domains.owner(home, table) for table in together}) > 1:
            joins[Join(service, module, tuple(together), 0)] += 1
    queries = (_query(key, reads[key], writes[key], domains) for key in sorted({*reads, *writes}))
    joined = (Join(join.service, join.module, join.tables, count) for join, count in joins.most_common())
    return tuple(queries), tuple(joined), opaque


def _query(touch: _Touch, reads: int, writes: int, domains: Domains) -> Query:
    owner = domains.owner(touch.database, touch.table)
    return Query(*touch, reads, writes, crossing=owner not in ("", touch.domain))


def _source(service: str, tagged: str, domains: Domains, modules: dict[str, Module]) -> tuple[str, str]:
    """Return the module that a tag names, "" for none, and the domain the statement is of."""
    for module in modules.values():
        if tagged and module.service == service and module.label == tagged:
            return module.name, module.domain
    return "", domains.of(service, [tagged] if tagged else [])


def _tables(domains: Domains, queries: Iterable[Query]) -> tuple[Table, ...]:
    """Return the contract's tables, whether or not they were touched, and those of the learner's own that were."""
    every = dict.fromkeys([*domains.tables, *((query.database, query.table) for query in queries)])
    return tuple(Table(name, domains.owner(database, name), database) for database, name in every)
