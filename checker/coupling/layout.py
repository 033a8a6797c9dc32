"""Where everything stands: processes with their modules in rows on the left, tables in rows on the right.

Rows, so that any number of modules fits a page 900 wide; every name is read without turning one's head. Imports are
arcs inside a process, calls are arcs outside, queries run across to the tables. Units are those of the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.coupling.model import CouplingMap, Module, Table

__all__ = ["WIDTH", "Box", "Layout", "lay_out"]

WIDTH = 900.0

_MARGIN, _TOP, _GAP = 10.0, 14.0, 20.0
_CALLS, _MORE_CALLS = 60.0, 22.0  # room for calls, and for each of the first few
_PROCESS, _PILL = 430.0, 150.0  # right edge of processes; width of a module
_TABLES = 606.0  # left edge of databases
_HEAD, _LOWER_HEAD, _FOOT = 34.0, 46.0, 10.0  # a process has two lines above its modules
_LABEL, _BAND = 20.0, 10.0  # a domain's name above its modules; air below them
_ROW, _PILL_HIGH = 26.0, 21.0
_TABLE_ROW, _TABLE_HIGH = 44.0, 36.0


@dataclass(frozen=True)
class Box:
    """A rectangle: its left upper corner, width and height."""

    x: float
    y: float
    wide: float
    high: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.wide

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.high

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.y + self.high / 2


@dataclass(frozen=True)
class Layout:
    """Boxes: of processes, modules and databases by name, of the others by where they are, as (process, domain).

    ``labelled``: the domains that have room for their name, where a process holds more than its own.
    """

    processes: Mapping[str, Box]
    domains: Mapping[tuple[str, str], Box]
    labelled: frozenset[tuple[str, str]]
    modules: Mapping[str, Box]
    databases: Mapping[str, Box]
    owners: Mapping[tuple[str, str], Box]
    tables: Mapping[tuple[str, str], Box]
    bottom: float


def lay_out(drawn: CouplingMap) -> Layout:
    """Return where the processes, modules and tables of a map stand."""
    left = _MARGIN + (_CALLS + _MORE_CALLS * min(len(drawn.calls), 5) if drawn.calls else 0)
    processes, domains, modules, end = _processes(drawn, left)
    wanted = _middles(drawn.modules, modules)
    databases, owners, tables, low = _databases(drawn.tables, wanted, end)
    labelled = frozenset(key for key in domains if _labelled(*key, drawn))
    return Layout(processes, domains, labelled, modules, databases, owners, tables, max(end, low))


def _processes(
    drawn: CouplingMap, left: float
) -> tuple[dict[str, Box], dict[tuple[str, str], Box], dict[str, Box], float]:
    processes: dict[str, Box] = {}
    domains: dict[tuple[str, str], Box] = {}
    modules: dict[str, Box] = {}
    y = _TOP
    for service in (*drawn.services, ""):
        own = [module for module in drawn.modules if module.service == service]
        if service or own:
            start, y = y, y + _LOWER_HEAD
            for domain, members in _by_domain(own, service, drawn.services):
                begin, y = y, y + (_LABEL if _labelled(service, domain, drawn) else 0.0)
                for module in members:
                    modules[module.name] = Box(_PROCESS - _PILL - 14, y, _PILL, _PILL_HIGH)
                    y += _ROW
                domains[service, domain] = Box(_PROCESS - _PILL - 20, begin, _PILL + 14, y - begin)
                y += _BAND
            processes[service] = Box(left, start, _PROCESS - left, y + _FOOT - _BAND - start)
            y += _GAP + _FOOT - _BAND
    return processes, domains, modules, y - _GAP


def _labelled(service: str, domain: str, drawn: CouplingMap) -> bool:
    return any(module.service == service and module.domain != service for module in drawn.modules) and domain != ""


def _by_domain(modules: Sequence[Module], service: str, services: Sequence[str]) -> list[tuple[str, list[Module]]]:
    """Group the modules of a process: the domains that will leave it first, what stays below."""
    order = {name: at for at, name in enumerate(services)}

    def place(module: Module) -> tuple[bool, int, str]:
        return (module.domain == service, order.get(module.domain, -1), module.domain)

    ranked = sorted(modules, key=lambda module: (*place(module), module.label))
    return [(domain, list(members)) for domain, members in groupby(ranked, key=lambda module: module.domain)]


def _middles(modules: Iterable[Module], boxes: Mapping[str, Box]) -> dict[str, float]:
    """Return the height at which each domain's modules stand: its tables want to stand there too."""
    heights: dict[str, list[float]] = {}
    for module in modules:
        if module.domain:
            heights.setdefault(module.domain, []).append(boxes[module.name].middle)
    return {domain: sum(all_of_it) / len(all_of_it) for domain, all_of_it in heights.items()}


def _databases(
    tables: Sequence[Table], wanted: Mapping[str, float], end: float
) -> tuple[dict[str, Box], dict[tuple[str, str], Box], dict[tuple[str, str], Box], float]:
    databases: dict[str, Box] = {}
    owners: dict[tuple[str, str], Box] = {}
    boxes: dict[tuple[str, str], Box] = {}
    wide, y = WIDTH - _MARGIN - _TABLES, _TOP
    for database, groups in _grouped(tables, wanted, end):
        first = True
        for owner, members in groups:
            high = _LABEL + len(members) * _TABLE_ROW + 4
            head = _HEAD if first else 0.0
            y = max(y, wanted.get(owner, y) - high / 2 - head)
            top = y if first else databases[database].y
            y += head
            owners[database, owner] = Box(_TABLES + 8, y, wide - 16, high - 4)
            for at, table in enumerate(members):
                row = y + _LABEL + at * _TABLE_ROW
                boxes[database, table.name] = Box(_TABLES + 16, row, wide - 32, _TABLE_HIGH)
            y += high + _BAND
            databases[database] = Box(_TABLES, top, wide, y - _BAND + _FOOT - top)
            first = False
        y += _GAP
    return databases, owners, boxes, y - _GAP


def _grouped(
    tables: Sequence[Table], wanted: Mapping[str, float], end: float
) -> list[tuple[str, list[tuple[str, list[Table]]]]]:
    """Group tables by database, and by owner within, each from top to bottom as their owners stand."""

    def height(owner: str) -> float:
        return wanted.get(owner, end) if owner else end + 1

    groups: dict[str, dict[str, list[Table]]] = {}
    for table in tables:
        groups.setdefault(table.database, {}).setdefault(table.owner, []).append(table)
    ordered = {name: sorted(owners.items(), key=lambda pair: height(pair[0])) for name, owners in groups.items()}
    return sorted(ordered.items(), key=lambda pair: height(pair[1][0][0]))
