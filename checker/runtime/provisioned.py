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
    from collections.abc import Callable, Mapping

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
    that data is moved from. *ready*: after today's release processes, and the move. A state is made when it is first
    asked for, so that who has written only the SQL yet has what needs no more; what was raised then is raised to all
    who ask.
    """

    def __init__(self, application: Application, earlier: Earlier, ground: Ground) -> None:
        """Take note of who is to have them. Raises UsageError where the server is lent to us."""
        ground.hold_own()
        self._application, self._earlier, self._ground = application, earlier, ground
        self._contract = application.contract
        self._server: Postgres | None = None
        self._given = _State(self._provision)
        self._empty = _State(lambda: _copies(self._given(), "empty"))
        self._old = _State(self._release_before)
        self._ready = _State(self._release)
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    def given(self, name: str) -> Adopted:
        """Return the database itself that the SQL made for a service: its rights are what is looked at."""
        with self._lock:
            self._empty()  # before anybody fills it
            return self._given()[name]

    def empty(self, name: str) -> Adopted:
        """Return a new copy of a service's database as the SQL left it."""
        with self._lock:
            return self._copied(self._empty()[name], name)

    def old(self, name: str) -> Adopted:
        """Return a new copy of a database as the version before this lab left it."""
        with self._lock:
            return self._copied(self._old()[name], name)

    def database(self, name: str) -> Adopted:
        """Return a new copy of a service's database, ready: released, and moved."""
        with self._lock:
            return self._copied(self._ready()[name], name)

    def copy_of(self, database: Adopted) -> Adopted:
        """Return a new copy of any of these, as it is now. Whoever is connected to it is thrown out."""
        with self._lock:
            return self._copied(database, database.role)

    def statements(self) -> list[Statement]:
        """Return what the run's server was asked, as :meth:`Postgres.statements` does."""
        return self._server.statements() if self._server else []

    def forget(self) -> None:
        """End the server, and all that is on it."""
        with self._lock:
            if self._server is not None:
                self._server.close()
            self._server = None

    def _copied(self, database: Adopted, name: str) -> Adopted:
        return database.copy(f"{name}_{next(self._numbers)}")

    def _provision(self) -> dict[str, Adopted]:
        self._server = self._ground.server()
        passwords = {service: secrets.token_hex(16) for service in self._contract.services}
        variables = {f"{service.upper()}_DB_PASSWORD": password for service, password in passwords.items()}
        for name, sql in self._files():
            run_sql(self._server.url, name, sql, variables)
        return adopt(self._server, passwords, self._contract.provision)

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

    def _release_before(self) -> dict[str, Adopted]:
        sources = {name: self.given(name) for name in dict.fromkeys(self._contract.moves.values())}
        before = self._earlier.application
        owners = before.contract.owners
        for process in before.releases():
            database = sources.get(owners[process.removesuffix("-release")].database)
            if database is not None:
                before.run(process, {"DATABASE_URL": database.url}, must_succeed=True)
        return _copies(sources, "old")

    def _release(self) -> dict[str, Adopted]:
        self._old()
        with ThreadPoolExecutor(max_workers=2) as pool:
            for job in [pool.submit(self._release_one, service) for service in self._contract.services]:
                job.result()
        for service, source in self._contract.moves.items():
            variables = {"DATABASE_URL": self._given()[service].url, "SOURCE_DATABASE_URL": self._given()[source].url}
            self._application.run(f"{service}-backfill", variables, must_succeed=True)
        return _copies(self._given(), "ready")

    def _release_one(self, service: str) -> None:
        process = f"{service}-release"
        if process in self._application.procfile:
            self._application.run(process, {"DATABASE_URL": self._given()[service].url}, must_succeed=True)


class _State:
    """Made once: what came of it, or what was raised."""

    def __init__(self, make: Callable[[], dict[str, Adopted]]) -> None:
        self._make = make
        self._made: dict[str, Adopted] | None = None
        self._failed: Exception | None = None

    def __call__(self) -> dict[str, Adopted]:
        if self._failed is not None:
            raise self._failed
        if self._made is None:
            try:
                self._made = self._make()
            except Exception as error:
                self._failed = error
                raise
        return self._made


def _copies(databases: Mapping[str, Adopted], state: str) -> dict[str, Adopted]:
    return {name: database.copy(f"{name}_{state}") for name, database in databases.items()}
