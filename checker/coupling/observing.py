"""Look at a system while it is used: start it, take the tour, and note who imported, called and queried whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from checker.coupling.domains import Domains
from checker.coupling.imports import imports_of
from checker.coupling.model import Step
from checker.coupling.quiet import polls_of, settled
from checker.coupling.seen import Seen, map_of
from checker.coupling.sql import tables
from checker.coupling.standing import Standing
from checker.coupling.tour import tour

if TYPE_CHECKING:
    from pathlib import Path

    from checker.coupling.model import CouplingMap
    from checker.course import Lab
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
    return map_of(seen, lab.name, domains, reading.result())


def _take(standing: Standing) -> Seen:
    told = standing.contract.broker  # so there is something that goes on when a request has been answered
    polls = polls_of(standing) if told else frozenset()
    seen = Seen(standing.contract.services, standing.homes, standing.watched, polls)
    standing.news()  # what went on before, such as questions whether a service is ready, is not the tour's
    for step in tour(standing.system, standing.contract):
        status = step.send()
        exchanges, statements = settled(standing, polls) if told else standing.news()
        touching = sum(bool(tables(each[1].sql).touched) for each in statements if not seen.is_poll(*each))
        seen.steps.append(Step(step.name, step.asked, status, len(exchanges), touching))
        seen.exchanges += exchanges
        seen.statements += statements
    return seen
