"""Builds the systems of one run: who plays, on which database, told what; and runs processes to their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from checker.backing import Adopted, Database, Member, Redis
from checker.course import Contract, Lab, Owner
from checker.errors import N_, EngineFault
from checker.evidence import PostgresTap, RedisTap
from checker.runtime.application import Application, bare
from checker.runtime.earlier import Earlier
from checker.runtime.provisioned import Databases
from checker.runtime.role import FaultOn
from checker.runtime.system import Plan, System
from checker.runtime.worker import Line

if TYPE_CHECKING:
    from checker.runtime.ground import Ground

__all__ = ["NOBODY", "OTHERS", "Builder"]

NOBODY = "http://127.0.0.1:9"
"""An address at which nobody listens: the port of "discard" is below those that are handed out."""

OTHERS = "others"
"""As a stand-in: all of the lab's services that the learner's do not play."""

NAMES = """
SELECT attrelid::bigint, attnum::int, relname::text, attname::text
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attrelid = ANY(%s::oid[])
"""


class Builder:
    """Of the learner's system in ``tree``, under a lab's contract. ``on_fault`` hears of faults that are switched on."""

    def __init__(
        self, ground: Ground, lab: Lab, tree: Path, contract: Contract, on_fault: Callable[[FaultOn], None]
    ) -> None:
        self._ground, self._contract, self._on_fault = ground, contract, on_fault
        self._today = Application(tree, ground, contract)
        self._before = Earlier(ground, lab, tree)
        self._provisioned = Databases.of(self._today, self._before, ground) if contract.provision else None

    @property
    def databases(self) -> Databases:
        """The databases that the learner's SQL makes. Raises EngineFault in a lab where we make them."""
        if self._provisioned is None:
            raise EngineFault(N_("In this lab the databases are ours."))
        return self._provisioned

    def system(
        self,
        *,
        only: Sequence[str] = (),
        standins: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        databases: Mapping[str, Adopted] | None = None,
    ) -> System:
        """Start the roles in ``only`` (all, when empty), but for those that stand-ins play, on new databases or these.

        ``standins``: roles, or OTHERS. ``variables``: what the learner's processes are told beside the contract's. Raises
        ServiceFailed when one does not start.
        """
        if OTHERS in standins:
            standins = [name for name in self._contract.services if name not in only]
        real = [name for name in only or self._contract.services if name not in standins]
        owners = {role: self._contract.owners[bare(role)] for role in real}
        source = self._provisioned or self._today.databases
        names = dict.fromkeys(owner.database for owner in owners.values())
        found = {name: (databases or {}).get(name) or source.database(name) for name in names}
        members = self._members(owners, found)
        broker = self._ground.broker() if self._contract.broker else None

        def line(process: str) -> Line:
            role = process if process in owners else process.partition("-")[0]
            database = members.get(role) or found[owners[role].database]
            return self._line(process, database, broker or self._ground.redis, variables or {})

        versions = {"before": self._before.application} if any(role != bare(role) for role in real) else {}
        helpers = self._today.helpers(real)
        lines = {process: line(process) for process in (*real, *helpers)}
        plan = Plan(self._contract, real, standins, helpers, lines, members, versions, line, broker)
        return self._started(plan, self._today)

    def earlier(self, database: Adopted | None = None) -> System:
        """Start the version from before this lab on ``database``, else on a copy of what it left."""
        application = self._before.application
        roles = application.contract.services
        url = (database or self.databases.old(next(iter(self._contract.moves.values())))).url
        told = {"DATABASE_URL": url, "REDIS_URL": self._ground.redis.url}
        plan = Plan(application.contract, roles, lines=dict.fromkeys(roles, Line(told)))
        return self._started(plan, application)

    def tap(self, database: Adopted, process: str = "") -> PostgresTap:
        """Return a tap between a process and a database: a context manager; see there what it can do."""
        server = urlsplit(database.url)
        upstream = server.hostname or "", server.port or 0
        caller = process or f"a process of {database.role}"
        ground, callee = self._ground, f"{database.role}'s database"
        return PostgresTap(ground.loop, ground.ledger, caller, callee, upstream, names=partial(_names, database))

    def run(self, process: str, url: str, *, before: bool = False, **variables: str) -> int:
        """Run a process to its end, ``url`` being its DATABASE_URL; its exit code.

        ``before``: that of the version from before this lab. Neighbours it may ask for do not answer, unless named.
        """
        application = self._before.application if before else self._today
        nobody = {f"{name.upper()}_URL": NOBODY for name in self._contract.services}
        return application.run(process, {**nobody, "DATABASE_URL": url, **variables})

    def forget(self) -> None:
        """Drop the databases, and the version from before."""
        self._today.databases.forget()
        if self._provisioned is not None:
            self._provisioned.forget()
        self._before.close()

    def _started(self, plan: Plan, application: Application) -> System:
        ground = self._ground
        return System(plan, application, loop=ground.loop, ledger=ground.ledger, on_fault=self._on_fault)

    def _line(
        self, process: str, database: Database | Adopted | Member, redis: Redis, variables: Mapping[str, str]
    ) -> Line:
        """Say where a process finds what it uses: by a tap of its own where its service's database is its alone."""
        told = {**variables, "DATABASE_URL": database.url, "REDIS_URL": redis.url}
        if not self._ground.taps or not isinstance(database, Adopted):
            return Line(told)
        tap = self.tap(database, process)
        broker = self._broker_tap(process, redis) if self._contract.broker else None
        told["DATABASE_URL"] = tap.url_for(database.url)
        told["REDIS_URL"] = broker.url_for(redis.url) if broker else redis.url
        return Line(told, tap, broker)

    def _broker_tap(self, process: str, redis: Redis) -> RedisTap:
        server = urlsplit(redis.url)
        upstream = server.hostname or "", server.port or 0
        return RedisTap(self._ground.loop, self._ground.ledger, process, "the broker", upstream)

    def _members(self, owners: Mapping[str, Owner], databases: Mapping[str, Database | Adopted]) -> dict[str, Member]:
        """Give each of several services that share a database of ours a login role of its own."""
        every = [owner.database for owner in self._contract.owners.values()]
        sharing = {role: owner for role, owner in owners.items() if every.count(owner.database) > 1}
        found = {role: databases[owner.database] for role, owner in sharing.items()}
        return {
            role: database.member(role, owners[role].tables)
            for role, database in found.items()
            if isinstance(database, Database)
        }


def _names(database: Adopted, tables: list[int]) -> dict[tuple[int, int], tuple[str, str]]:
    """Return what tables with these numbers, and their columns, are called, by the numbers of both."""
    with database.admin() as connection:
        found = connection.execute(NAMES, [tables]).fetchall()
    return {(table, column): (of, name) for table, column, of, name in found}
