"""The Bazaar's contract: what is asked for (openapi.yaml), and who owns what in each lab (owners.toml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from checker.course.strict import Table, read_toml
from checker.errors import N_, EngineFault

__all__ = ["Contract", "Owner"]


@dataclass(frozen=True)
class Owner:
    """What a service owns in a lab. ``calls``: for each neighbour, the operations it may ask for."""

    database: str
    processes: tuple[str, ...]
    operations: tuple[str, ...]  # "GET /orders/{id}"
    tables: tuple[str, ...]
    calls: Mapping[str, tuple[str, ...]]


class Contract:
    """The contract as it is in one lab: ``folder`` is labs/contract; a lab that is not listed is as the one before it.

    ``provision``: the folder of the SQL files that make the databases, "" where we make them. ``moves``: for a service
    whose data comes from elsewhere, whose database that is. ``variables``: durations and bounds that every process of
    the learner's is told, unless a check says otherwise. ``broker``: whether each process has its own way to a Redis that
    is this system's alone.
    """

    def __init__(self, folder: Path, number: str) -> None:
        self._folder = folder
        listed = _listed(folder / "owners.toml", number)
        services = listed.table("services", optional=False)
        self.owners = {name: _owner(services.table(name)) for name in services.keys()}  # noqa: SIM118  (taking empties it)
        self.provision = listed.take("provision", str, "")
        moves = listed.table("moves")
        self.moves = {name: moves.take(name, str) for name in moves.keys()}  # noqa: SIM118
        self.broker = listed.take("broker", bool, False)
        variables = listed.table("variables")
        self.variables = {name: variables.take(name, str) for name in variables.keys()}  # noqa: SIM118
        listed.close()

    def same_data(self, other: Contract) -> bool:
        """Tell whether databases that were made under the other contract are as this one wants them."""
        return (self.owners, self.provision, self.moves) == (other.owners, other.provision, other.moves)

    @property
    def services(self) -> tuple[str, ...]:
        """The services there are, by name."""
        return tuple(self.owners)

    @cached_property
    def openapi(self) -> dict[str, Any]:
        """openapi.yaml, parsed."""
        import yaml  # noqa: PLC0415  (only a few checks look into it)

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        parsed: dict[str, Any] = yaml.load((self._folder / "openapi.yaml").read_text("utf-8"), Loader=loader)  # noqa: S506
        return parsed

    def owners_of(self, operation: str) -> list[str]:
        """Return who owns "GET /orders/{id}"."""
        return [name for name, owner in self.owners.items() if operation in owner.operations]

    def owner(self, method: str, path: str) -> str:
        """Return who answers "GET", "/orders/7?x=1". Raises EngineFault when nobody does."""
        bare = path.partition("?")[0]
        for name, owner in self.owners.items():
            if any(_matches(operation, method, bare) for operation in owner.operations):
                return name
        raise EngineFault(
            N_("Nobody owns {method} {path} in this lab; see labs/contract/owners.toml."), method=method, path=path
        )


def _matches(operation: str, method: str, path: str) -> bool:
    wanted, pattern = _pattern(operation)
    return wanted == method and pattern.fullmatch(path) is not None


@cache
def _pattern(operation: str) -> tuple[str, re.Pattern[str]]:
    method, template = operation.split(" ", 1)
    return method, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))


def _listed(file: Path, number: str) -> Table:
    labs = read_toml(file).table("labs", optional=False)
    listed = [lab for lab in sorted(labs.keys()) if lab <= number]
    if not listed:
        raise EngineFault(
            N_("{file} says nothing of lab {number}."),
            N_("Add [labs.{number}.services.NAME]."),
            file=file,
            number=number,
        )
    return labs.table(listed[-1])


def _owner(table: Table) -> Owner:
    calls = table.table("calls")
    owner = Owner(
        database=table.take("database", str),
        processes=table.texts("processes"),
        operations=table.texts("operations"),
        tables=table.texts("tables"),
        calls={name: calls.texts(name) for name in calls.keys()},  # noqa: SIM118
    )
    table.close()
    return owner
