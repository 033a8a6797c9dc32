"""Look at a system while it is used: start it, take the tour, and note who imported, called and queried whom."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checker.coupling.domains import Domains
from checker.coupling.imports import Graph, imports_of
from checker.coupling.model import Call, CouplingMap, Import, Join, Module, Query, Step, Table
from checker.coupling.sql import tables, tag
from checker.coupling.standing import Standing
from checker.coupling.tour import ORDER, tour

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.backing.statements import Statement
    from checker.course import Lab
    from checker.ledger import Exchange
    from checker.runtime.ground import Ground

__all__ = ["observe"]

FIRST = "01"
"""The lab that draws the first line: before it, this is the line that will be drawn."""


def observe(ground: Ground, lab: Lab, tree: Path) -> CouplingMap:
    """Return the coupling map of the system in ``tree``, which is at ``lab``. The ground is left standing.

    Queries are seen on a ground opened with ``statements=True`` (embedded and path), else ``queries_seen`` is false.
    Raises LearnerFault when the system does not start or its imports cannot be read. A step of the tour that fails
    is part of the picture.
    """
    contract = ground.course.contract(lab.number)
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(imports_of, tree, contract.services)
        with Standing(ground, lab, tree) as standing:
            seen = _take(standing)
    before = [ground.course.contract(each.number) for each in ground.course.labs if each.number < lab.number]
    domains = Domains(contract, ground.course.contract(max(lab.number, FIRST)), before)
    return _drawn(lab, domains, reading.result(), seen)


@dataclass
class _Seen:
    """What came of a tour; ``homes`` is each database's name in the contract."""

    services: tuple[str, ...]
    homes: dict[str, str]
    watched: bool
    steps: list[Step] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    statements: list[tuple[str, Statement]] = field(default_factory=list)  # with the service that each is of


def _take(standing: Standing) -> _Seen:
    seen = _Seen(standing.contract.services, standing.homes, standing.watched)
    standing.new_exchanges()  # what went on before, such as questions whether a service is ready, is not the tour's
    standing.new_statements()
    for step in tour(standing.system, standing.contract):
        status = step.send()
        exchanges, statements = standing.new_exchanges(), standing.new_statements()
        touching = sum(bool(found.reads or found.writes) for found in (tables(asked.sql) for _, asked in statements))
        seen.steps.append(Step(step.name, step.asked, status, len(exchanges), touching))
        seen.exchanges += exchanges
        seen.statements += statements
    return seen


def _drawn(lab: Lab, domains: Domains, graph: Graph, seen: _Seen) -> CouplingMap:
    modules = {
        name: Module(
            name, ".".join(part.inside) or name, part.service, domains.of(part.service, part.inside, client=part.client)
        )
        for name, part in graph.modules.items()
    }
    queries, joins, opaque = _queries(seen, domains, modules)
    return CouplingMap(
        lab=lab.name,
        services=seen.services,
        modules=tuple(modules.values()),
        tables=_tables(seen, domains, queries),
        imports=tuple(_import(modules[source], modules[target]) for source, target in graph.imports),
        calls=_calls(seen.exchanges),
        queries=queries,
        joins=joins,
        steps=tuple(seen.steps),
        opaque=opaque,
        calls_per_order=next(step.calls for step in seen.steps if step.name == ORDER),
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
    seen: _Seen, domains: Domains, modules: dict[str, Module]
) -> tuple[tuple[Query, ...], tuple[Join, ...], int]:
    reads, writes, joins = Counter[tuple[str, str, str, str]](), Counter[tuple[str, str, str, str]](), Counter[Join]()
    opaque = 0
    for service, statement in seen.statements:
        found, (module, domain) = tables(statement.sql), _source(service, tag(statement.sql), domains, modules)
        opaque += found.opaque
        reads.update((service, module, domain, table) for table in found.reads)
        writes.update((service, module, domain, table) for table in found.writes)
        together = sorted(found.reads | found.writes)
        if len({domains.owner(table) for table in together}) > 1:
            joins[Join(service, module, tuple(together), 0)] += 1
    queries = (_query(key, reads[key], writes[key], domains) for key in sorted({*reads, *writes}))
    joined = (Join(join.service, join.module, join.tables, count) for join, count in joins.most_common())
    return tuple(queries), tuple(joined), opaque


def _query(key: tuple[str, str, str, str], reads: int, writes: int, domains: Domains) -> Query:
    service, module, domain, table = key
    owner = domains.owner(table)
    return Query(service, module, domain, table, reads, writes, crossing=owner not in ("", domain))


def _source(service: str, tagged: str, domains: Domains, modules: dict[str, Module]) -> tuple[str, str]:
    """Return the module that a tag names, "" for none, and the domain the statement is of."""
    for module in modules.values():
        if tagged and module.service == service and module.label == tagged:
            return module.name, module.domain
    return "", domains.of(service, [tagged] if tagged else [])


def _tables(seen: _Seen, domains: Domains, queries: Iterable[Query]) -> tuple[Table, ...]:
    """Return the contract's tables, whether or not they were touched, and those of the learner's own that were."""
    touched = {query.table for query in queries}
    own = {
        table: seen.homes.get(statement.database, "")
        for _, statement in seen.statements
        for table in (tables(statement.sql).reads | tables(statement.sql).writes) & touched
        if table not in domains.tables
    }
    return tuple(Table(name, domains.owner(name), database) for name, database in {**domains.tables, **own}.items())
