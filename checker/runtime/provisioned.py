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
from checker.runtime.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.backing import Postgres, Statement
    from checker.backing.adopting import Adopted
    from checker.course import Tree
    from checker.runtime.application import Application
    from checker.runtime.earlier import Earlier
    from checker.runtime.ground import Ground

__all__ = ["Databases"]

ROLES = """
SELECT md5(concat(
  (SELECT string_agg(role::text, ';' ORDER BY oid) FROM pg_authid role),
  (SELECT string_agg(member::text, ';' ORDER BY oid) FROM pg_auth_members member),
  (SELECT string_agg(setting::text, ';' ORDER BY setting::text) FROM pg_db_role_setting setting WHERE setdatabase = 0)
))
"""
"""All that is set of roles, as one value."""

MOST = 1 << 20
"""Bytes of one SQL file; what is larger is data, and not made here."""


class Databases:
    """The databases of one run, in three states, each kept as a copy to be copied: empty, old, and ready.

    *empty*: as the SQL files left them. *old*: after the release processes of the version before this lab, for those
    that data is moved from. *ready*: after today's release processes, and the move. A state is made when it is first
    asked for, so that who has written only the SQL yet has what needs no more; what was raised then is raised to all
    who ask.

    While there will be more runs, the next one has them as well, on the same server, if they would be made the same again.
    """

    def __init__(self, application: Application, earlier: Earlier, ground: Ground) -> None:
        """Take note of who is to have them. Raises UsageError where the server is lent to us."""
        ground.hold_own()
        self._application, self._earlier, self._ground = application, earlier, ground
        self._contract = application.contract
        self._server: Postgres | None = None
        self._made: list[Adopted] = []
        self._sql: list[tuple[str, bytes]] = []
        self._roles = ""
        self._before: Tree | None = None
        self._witness: Witness | None = None
        self._given = _State(self._provision)
        self._empty = _State(lambda: _copies(self._given(), "empty"))
        self._old = _State(self._release_before)
        self._ready = _State(self._release)
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    @classmethod
    def of(cls, application: Application, earlier: Earlier, ground: Ground) -> Databases:
        """Return those of the run before, if they would be made the same again, else new ones. Raises UsageError as they do."""
        kept, ground.provisioned = ground.provisioned, None
        if kept is not None and kept.serve(application, earlier):
            return kept
        if kept is not None:
            kept.close()
        return cls(application, earlier, ground)

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
        """End a run: drop what was copied for it, and the server too, unless the next run can have it."""
        with self._lock:
            if not self._ground.warm or not self._as_they_were():
                self.close()
                return
            for database in self._made:
                database.drop()
            self._made.clear()
            self._ground.provisioned = self

    def close(self) -> None:
        """End the server, and all that is on it. Idempotent."""
        with self._lock:
            if self._server is not None:
                self._server.close()
            self._server = None

    # From one run to the next

    def _as_they_were(self) -> bool:
        """Tell whether nothing failed, and the server's roles are still what the SQL made of them."""
        states = (self._given, self._empty, self._old, self._ready)
        return (
            self._server is not None and not any(state.failed for state in states) and self._roles == self._roles_now()
        )

    def serve(self, application: Application, earlier: Earlier) -> bool:
        """Serve another run, if all of this would be made the same again; whether it would."""
        same = application.folder == self._application.folder and application.contract.same_data(self._contract)
        self._application, self._earlier, self._contract = application, earlier, application.contract
        return (
            same
            and self._sql == self._files()
            and (self._before is None or self._before == earlier.files)
            and (self._witness is None or self._witness.holds())
        )

    def _roles_now(self) -> str:
        if self._server is None:
            return ""
        with self._server.admin() as admin:
            row = admin.execute(ROLES).fetchone()
        return str(row[0]) if row else ""

    # How they are made

    def _copied(self, database: Adopted, name: str) -> Adopted:
        self._made.append(database.copy(f"{name}_{next(self._numbers)}"))
        return self._made[-1]

    def _provision(self) -> dict[str, Adopted]:
        self._sql = self._files()
        self._server = self._ground.server()
        passwords = {service: secrets.token_hex(16) for service in self._contract.services}
        variables = {f"{service.upper()}_DB_PASSWORD": password for service, password in passwords.items()}
        for name, sql in self._sql:
            run_sql(self._server.url, name, sql, variables, starter=self._ground.keeper)
        self._roles = self._roles_now()
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
        before, self._before = self._earlier.application, self._earlier.files
        owners = before.contract.owners
        for process in before.releases():
            database = sources.get(owners[process.removesuffix("-release")].database)
            if database is not None:
                before.run(process, {"DATABASE_URL": database.url}, must_succeed=True)
        return _copies(sources, "old")

    def _release(self) -> dict[str, Adopted]:
        self._old()
        self._witness = Witness(self._application.folder, self._ground.scratch)
        with ThreadPoolExecutor(max_workers=2) as pool:
            for job in [pool.submit(self._release_one, service) for service in self._contract.services]:
                job.result()
        for service, source in self._contract.moves.items():
            variables = {"DATABASE_URL": self._given()[service].url, "SOURCE_DATABASE_URL": self._given()[source].url}
            self._application.run(f"{service}-backfill", variables, must_succeed=True, witness=self._witness)
        return _copies(self._given(), "ready")

    def _release_one(self, service: str) -> None:
        process = f"{service}-release"
        if process in self._application.procfile:
            told = {"DATABASE_URL": self._given()[service].url}
            self._application.run(process, told, must_succeed=True, witness=self._witness)


class _State:
    """Made once: what came of it, or what was raised."""

    def __init__(self, make: Callable[[], dict[str, Adopted]]) -> None:
        self._make = make
        self._made: dict[str, Adopted] | None = None
        self._failed: Exception | None = None

    @property
    def failed(self) -> bool:
        """Whether it could not be made."""
        return self._failed is not None

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
