"""The system that is looked at, running: each service by a login role of its own, so that its statements bear its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from checker.backing import Adopted
from checker.errors import EngineFault
from checker.runtime.application import Application
from checker.runtime.earlier import Earlier
from checker.runtime.provisioned import Databases
from checker.runtime.system import Plan, System
from checker.runtime.worker import Line

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from checker.backing import Database
    from checker.backing.statements import Statement
    from checker.course import Lab
    from checker.ledger import Exchange
    from checker.runtime.ground import Ground

__all__ = ["Standing"]


class Standing:
    """A context manager. ``watched``: whether statements are seen; ``homes``: each database's name in the contract.

    Raises LearnerFault when the system does not start.
    """

    def __init__(self, ground: Ground, lab: Lab, tree: Path) -> None:
        ground.ready_for(tree)
        self.contract, self.watched = ground.course.contract(lab.number), _watched(ground)
        self._ground, self._application = ground, Application(tree, ground, self.contract)
        self._earlier = Earlier(ground, lab, tree)
        self._provisioned = Databases(self._application, self._earlier, ground) if self.contract.provision else None
        self._read = self._known = 0
        try:
            self.system = self._start()
        except BaseException:
            self._forget()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.system.close()
        self._forget()

    def _forget(self) -> None:
        self._application.databases.forget()
        if self._provisioned is not None:
            self._provisioned.forget()
        self._earlier.close()

    def news(self) -> tuple[list[Exchange], list[tuple[str, Statement]]]:
        """Return what services asked since this was asked last: of each other; of databases, each with whose it is."""
        return self._new_exchanges(), self._new_statements()

    def _new_exchanges(self) -> list[Exchange]:
        every = [exchange for exchange in self._ground.ledger.exchanges() if exchange.caller in self.contract.services]
        fresh, self._known = every[self._known :], len(every)
        return fresh

    def _new_statements(self) -> list[tuple[str, Statement]]:
        if not self.watched:
            return []
        every = (self._provisioned or self._ground.postgres).statements()
        fresh, self._read = every[self._read :], len(every)
        return [(self._service(each), each) for each in fresh if each.database in self.homes]

    def _service(self, statement: Statement) -> str:
        """Return whose statement it is: it says so, or its database is one service's only."""
        if statement.application in self.contract.services:
            return statement.application
        home = self.homes[statement.database]
        tenants = [name for name, owner in self.contract.owners.items() if owner.database == home]
        return tenants[0] if len(tenants) == 1 else ""

    def _start(self) -> System:
        owners = self.contract.owners
        names = dict.fromkeys(owner.database for owner in owners.values())
        source = self._provisioned or self._application.databases
        databases = {name: source.database(name) for name in names}
        self.homes = {database.name: name for name, database in databases.items()}
        services = self.contract.services
        helpers = self._application.helpers(services)
        urls = {service: self._url(service, databases[owner.database]) for service, owner in owners.items()}
        lines = {
            process: Line({"DATABASE_URL": urls[process.partition("-")[0]], "REDIS_URL": self._ground.redis.url})
            for process in (*services, *helpers)
        }
        plan = Plan(self.contract, services, (), helpers, lines)
        return System(plan, self._application, loop=self._ground.loop, ledger=self._ground.ledger)

    def _url(self, service: str, database: Database | Adopted) -> str:
        """Return a URL by which a service may do all that the owner may, under its own name where it is not alone."""
        if not self.watched or isinstance(database, Adopted):
            return database.url
        from psycopg import sql  # noqa: PLC0415  (costs a third of a second)

        url = database.role_for(service, [])
        role, owner = sql.Identifier(urlsplit(url).username or ""), sql.Identifier(database.role)
        with self._ground.postgres.admin() as connection:
            connection.execute(sql.SQL("GRANT {} TO {}").format(owner, role))
            connection.execute(sql.SQL("ALTER ROLE {} SET role = {}").format(role, owner))
            connection.execute(sql.SQL("ALTER ROLE {} SET application_name = {}").format(role, sql.Literal(service)))
        return url


def _watched(ground: Ground) -> bool:
    try:
        ground.postgres.statements()
    except EngineFault:
        return False
    return True
