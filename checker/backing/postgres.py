"""Databases on a PostgreSQL server: each with a login role of its own, cloned from templates, gone at the end."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import quote, urlsplit

from checker.backing.connect import Connection, connect
from checker.backing.grants import grant_only
from checker.backing.naming import Naming
from checker.backing.scram import verifier
from checker.errors import N_, Blocked, EngineFault, SeamworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from psycopg.sql import Composed

    from checker.backing.statements import Statement

__all__ = ["Database", "Member", "Postgres", "Server"]

OLDEST = 150_000


class Server(Protocol):
    """Where the databases are. ``url`` is an administrator's."""

    url: str
    version: str

    def statements(self) -> list[Statement]:
        """Return what was asked of it so far."""

    def close(self) -> None:
        """End it, or let go of it."""


@dataclass(frozen=True)
class Database:
    """A database and the role that owns it. ``url`` is "postgresql://role:password@host:port/name"."""

    name: str
    role: str
    url: str
    _postgres: Postgres

    def role_for(self, name: str, tables: Sequence[str]) -> str:
        """Return the URL of a new login role that may read and write only ``tables`` ("orders", "shop.orders").

        Their own sequences are included; nothing can be created. It goes when the database goes.
        Raises LearnerFault when one of the tables is not there.
        """
        return self._postgres._role_for(self, name, tables)  # noqa: SLF001  (one module, two faces)

    def member(self, name: str, tables: Sequence[str]) -> Member:
        """Return a new login role that may do what the owner may, until it is confined to ``tables``."""
        return self._postgres._member(self, name, tables)  # noqa: SLF001  (one module, two faces)

    def drop(self) -> None:
        """Drop the database, connections and all, and the roles nothing else belongs to. Idempotent."""
        self._postgres.drop(self.name)


@dataclass(frozen=True)
class Member:
    """A login role beside the owner: one of several services that share a database."""

    url: str
    _database: Database
    _role: str
    _tables: tuple[str, ...]

    def confine(self) -> None:
        """Leave it its own tables only, connections that are open included.

        Raises LearnerFault when one of the tables is not there.
        """
        self._database._postgres._confine(self._database, self._role, self._tables)  # noqa: SLF001

    def release(self) -> None:
        """Let it do again what the owner may."""
        self._database._postgres._execute("GRANT {} TO {}", self._database.role, self._role)  # noqa: SLF001


class Postgres:
    """A PostgreSQL server, wherever it came from. A context manager; all methods may be called from any thread.

    ``url`` is the administrator's, ``version`` the server's ("18.6").
    """

    def __init__(
        self,
        server: Server,
        connection: Connection,
        *,
        naming: Naming | None = None,
        reconnect: Callable[[str], Connection] = connect,
    ) -> None:
        """Take over ``server`` and ``connection``, an administrator's. Raises Blocked when it is too old."""
        self.url, self.version = server.url, server.version
        self._server, self._connection, self._reconnect = server, connection, reconnect
        self._naming = naming or Naming()
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._passwords: dict[str, str] = {}
        self._roles: dict[str, set[str]] = {}  # database → the roles that go with it
        if connection.info.server_version < OLDEST:
            raise Blocked(
                N_("PostgreSQL {version} is too old; 15 or later is needed."),
                N_("Use a newer server, or --backing embedded."),
                version=self.version,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def admin(self, dbname: str | None = None) -> Connection:
        """Return a new administrator's connection in autocommit mode, to the database of that name. Close it."""
        return self._reconnect(self.url if dbname is None else _at(self.url, dbname=dbname))

    def database(
        self, name: str, *, owner: str | None = None, owner_password: str | None = None, template: str | None = None
    ) -> Database:
        """Create a database, empty or from ``template`` (a name that :meth:`template_from` returned).

        Its role is called ``owner``, else as the database; databases may share one, and clones do, for what is in a
        template belongs to the role it was made by. Only that role and the administrator may connect.
        Raises EngineFault when the database is already there, Blocked when the disk is full.
        """
        full, role = self._naming.full(name), self._naming.full(owner or name)
        with self._lock:
            self._make_role(role, owner_password)
            self._create(full, role, template or "template0")
            return Database(full, role, _at(self.url, role, self._passwords[role], full), self)

    def template_from(self, database: Database) -> str:
        """Return the name of a new template: ``database`` as it is now. Whoever is connected to it is thrown out."""
        with self._lock:
            template = f"{database.name}_template_{next(self._numbers)}"
            self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", database.name)
            try:
                self._throw_out(database.name)
                self._create(template, database.role, database.name, "ALLOW_CONNECTIONS false")
            finally:
                self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS true", database.name)
            return template

    def drop(self, name: str) -> None:
        """Drop the database or template ``name``, and the roles nothing else belongs to. Idempotent."""
        with self._lock:
            roles = self._roles.pop(name, set())
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
            for role in roles.difference(*self._roles.values()):
                self._execute("DROP ROLE IF EXISTS {}", role)
                self._passwords.pop(role, None)

    def statements(self) -> list[Statement]:
        """Return what databases were asked, oldest first, our own statements left out.

        Raises EngineFault when the server was not opened with ``statements=True``.
        """
        return self._server.statements()

    def close(self) -> None:
        """Drop what was made, where the server outlives us, and end it where it is ours. Idempotent."""
        with self._lock:
            if self._naming.prefix:
                self._drop_all()
            self._connection.close()
            self._server.close()

    def _drop_all(self) -> None:
        for name in list(self._roles):
            with contextlib.suppress(SeamworkError):  # what cannot be dropped now, a later run finds left behind
                self.drop(name)

    def _make_role(self, role: str, password: str | None) -> None:
        if role in self._passwords:
            return
        password = password or secrets.token_hex(16)
        self._execute(f"CREATE ROLE {{}} LOGIN PASSWORD '{verifier(password)}'", role)
        self._passwords[role] = password
        if self._naming.prefix and not self._is_superuser():  # who lends us a server may not lend us all of it
            self._execute("GRANT {} TO CURRENT_USER", role)

    def _create(self, name: str, role: str, template: str, options: str = "") -> None:
        if name in self._roles:
            raise EngineFault(
                N_("There is a database {name!r} already."), N_("Drop it first, or take another name."), name=name
            )
        self._roles[name] = {role}
        create = f"CREATE DATABASE {{}} OWNER {{}} TEMPLATE {{}} STRATEGY file_copy {options}"
        try:
            self._execute(create, name, role, template)
            self._execute("REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
        except BaseException:
            self.drop(name)
            raise

    def _role_for(self, database: Database, name: str, tables: Sequence[str]) -> str:
        with self._lock:
            role = self._naming.full(name) + f"_only_{next(self._numbers)}"
            self._make_role(role, None)
            self._roles[database.name].add(role)
            self._execute("GRANT CONNECT ON DATABASE {} TO {}", database.name, role)
            with self.admin(database.name) as connection:
                grant_only(connection, role, tables)
            return _at(self.url, role, self._passwords[role], database.name)

    def _member(self, database: Database, name: str, tables: Sequence[str]) -> Member:
        with self._lock:
            role = self._naming.full(name) + f"_member_{next(self._numbers)}"
            self._make_role(role, None)
            self._roles[database.name].add(role)
            self._execute("GRANT CONNECT ON DATABASE {} TO {}", database.name, role)
            self._execute("GRANT {} TO {}", database.role, role)
            return Member(_at(self.url, role, self._passwords[role], database.name), database, role, tuple(tables))

    def _confine(self, database: Database, role: str, tables: Sequence[str]) -> None:
        with self._lock:
            with self.admin(database.name) as connection:
                grant_only(connection, role, tables)
            self._execute("REVOKE {} FROM {}", database.role, role)

    def _throw_out(self, name: str) -> None:
        self._execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s", values=(name,))

    def _is_superuser(self) -> bool:
        rows = self._execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(rows[0][0])

    def _execute(self, query: str, *names: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        from psycopg import Error, errors, sql  # noqa: PLC0415  (costs a third of a second)

        composed = sql.SQL(query).format(*map(sql.Identifier, names))
        try:
            return self._rows(composed, values or None)
        except errors.DiskFull as fault:
            raise Blocked(
                N_("PostgreSQL's disk is full: {fault}"),
                N_("Free some room, or set TMPDIR to a folder that has it."),
                fault=_first_line(fault),
            ) from fault
        except Error as fault:
            raise EngineFault(
                N_("PostgreSQL {version} refused {statement!r} on {names}: {fault}"),
                version=self.version,
                statement=query.partition(" PASSWORD ")[0],
                names=", ".join(names),
                fault=_first_line(fault),
            ) from fault

    def _rows(self, query: Composed, values: Sequence[object] | None) -> list[tuple[object, ...]]:
        from psycopg import OperationalError  # noqa: PLC0415

        try:
            cursor = self._connection.execute(query, values)
        except OperationalError:
            if not self._connection.closed:
                raise
            self._connection = self._reconnect(self.url)
            cursor = self._connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def _first_line(fault: Exception) -> str:
    return str(fault).strip().partition("\n")[0]


def _at(url: str, role: str | None = None, password: str = "", dbname: str = "") -> str:
    """Return ``url`` for another database, and another role if one is given."""
    parts = urlsplit(url)
    if role is None:
        return parts._replace(path=f"/{quote(dbname)}").geturl()
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(role)}:{quote(password)}@{host}", path=f"/{quote(dbname)}").geturl()
