"""Databases as the learner's own SQL makes them, on a PostgreSQL server of this run alone: what is judged is theirs."""

from __future__ import annotations

import itertools
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from checker.backing.adopting import adopt
from checker.backing.psql import run_sql
from checker.errors import N_, LearnerFault

if TYPE_CHECKING:
    from checker.backing import Postgres, Statement
    from checker.backing.adopting import Adopted
    from checker.runtime.application import Application
    from checker.runtime.earlier import Earlier
    from checker.runtime.ground import Ground

__all__ = ["Databases"]

MOST = 1 << 20
"""Bytes of one SQL file; what is larger is data, and not made here."""


class Databases:
    """The databases of one run, in three states, each kept as a copy to be copied: empty, old, and ready.

    *empty*: as the SQL files left them. *old*: after the release processes of the version before this lab, for those
    that data is moved from. *ready*: after today's release processes, and the move. Made when first asked for;
    what was raised then is raised to all who ask.
    """

    def __init__(self, application: Application, earlier: Earlier, ground: Ground) -> None:
        """Take note of who is to have them. Raises UsageError where the server is lent to us."""
        ground.hold_own()
        self._application, self._earlier, self._ground = application, earlier, ground
        self._contract = application.contract
        self._server: Postgres | None = None
        self._given: dict[str, Adopted] = {}
        self._empty: dict[str, Adopted] = {}
        self._old: dict[str, Adopted] = {}
        self._ready: dict[str, Adopted] = {}
        self._failed: Exception | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    def given(self, name: str) -> Adopted:
        """Return the database itself that the SQL made for a service: its rights are what is looked at."""
        return self._opened(self._given)[name]

    def empty(self, name: str) -> Adopted:
        """Return a new copy of a service's database as the SQL left it."""
        return self._copied(self._opened(self._empty)[name], name)

    def old(self, name: str) -> Adopted:
        """Return a new copy of a database as the version before this lab left it."""
        return self._copied(self._opened(self._old)[name], name)

    def copy_of(self, database: Adopted) -> Adopted:
        """Return a new copy of any of these, as it is now. Whoever is connected to it is thrown out."""
        return self._copied(database, database.role)

    def database(self, name: str) -> Adopted:
        """Return a new copy of a service's database, ready: released, and moved."""
        return self._copied(self._opened(self._ready)[name], name)

    def statements(self) -> list[Statement]:
        """Return what the run's server was asked, as :meth:`Postgres.statements` does."""
        return self._server.statements() if self._server else []

    def forget(self) -> None:
        """End the server, and all that is on it."""
        with self._lock:
            if self._server is not None:
                self._server.close()
            self._server = None
            for state in (self._given, self._empty, self._old, self._ready):
                state.clear()

    def _copied(self, database: Adopted, name: str) -> Adopted:
        with self._lock:
            return database.copy(f"{name}_{next(self._numbers)}")

    def _opened(self, state: dict[str, Adopted]) -> dict[str, Adopted]:
        with self._lock:
            if self._failed is not None:
                raise self._failed
            if self._server is None:
                self._open()
            return state

    def _open(self) -> None:
        try:
            self._provision()
            self._release()
        except Exception as error:
            self._failed = error
            raise

    def _provision(self) -> None:
        self._server = self._ground.server()
        passwords = {service: secrets.token_hex(16) for service in self._contract.services}
        variables = {f"{service.upper()}_DB_PASSWORD": password for service, password in passwords.items()}
        for name, sql in self._files():
            run_sql(self._server.url, name, sql, variables)
        self._given.update(adopt(self._server, passwords, self._contract.provision))
        self._empty.update({name: database.copy(f"{name}_empty") for name, database in self._given.items()})

    def _files(self) -> list[tuple[str, bytes]]:
        folder = self._application.folder / self._contract.provision
        files = sorted(path for path in folder.glob("*.sql") if path.is_file() and path.stat().st_size <= MOST)
        if not files:
            raise LearnerFault(
                N_("There is no SQL in {folder}, so there are no databases."),
                N_("Write {folder}/10-shop.sql: a database and a login role for each service."),
                folder=self._contract.provision,
            )
        return [(f"{self._contract.provision}/{path.name}", path.read_bytes()) for path in files]

    def _release(self) -> None:
        with ThreadPoolExecutor(max_workers=2) as pool:
            for job in [pool.submit(self._release_one, service) for service in self._contract.services]:
                job.result()
        for service, source in self._contract.moves.items():
            variables = {
                "DATABASE_URL": self._given[service].url,
                "SOURCE_DATABASE_URL": self._given[source].url,
            }
            self._application.run(f"{service}-backfill", variables, must_succeed=True)
        self._ready.update({name: database.copy(f"{name}_ready") for name, database in self._given.items()})

    def _release_one(self, service: str) -> None:
        database = self._given[service]
        if service in self._contract.moves.values():
            before = self._earlier.application
            for process in before.releases():
                before.run(process, {"DATABASE_URL": database.url}, must_succeed=True)
            self._old[service] = database.copy(f"{service}_old")
        process = f"{service}-release"
        if process in self._application.procfile:
            self._application.run(process, {"DATABASE_URL": database.url}, must_succeed=True)
