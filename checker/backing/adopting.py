"""Databases that somebody else's SQL made on a server of ours: taken as they are, copied with all their rights."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from checker.errors import N_, LearnerFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from psycopg.sql import Composed

    from checker.backing.connect import Connection
    from checker.backing.postgres import Postgres

__all__ = ["Adopted", "adopt"]

OWNER = "SELECT datdba::regrole::text FROM pg_database WHERE datname = %s"
COPY_RIGHTS = "UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = %s) WHERE datname = %s"
COPY_SETTINGS = """
INSERT INTO pg_db_role_setting
SELECT made.oid, setrole, setconfig FROM pg_db_role_setting
JOIN pg_database old ON old.oid = setdatabase AND old.datname = %s, pg_database made WHERE made.datname = %s
"""
THROW_OUT = "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s"


class Adopted:
    """A database called ``name`` and the login of the ``role`` that uses it. ``url``: postgresql://role:…@host:port/name."""

    def __init__(self, postgres: Postgres, role: str, password: str, name: str) -> None:
        self.name, self.role = name, role
        self._postgres, self._password = postgres, password

    @property
    def url(self) -> str:
        """The URL that the service of this role is given."""
        return self.url_of(self.name)

    def url_of(self, database: str) -> str:
        """Return the URL of the same login, for another database."""
        host = urlsplit(self._postgres.url).netloc.rpartition("@")[2]
        return f"postgresql://{quote(self.role)}:{quote(self._password)}@{host}/{quote(database)}"

    def copy(self, name: str) -> Adopted:
        """Return a new database like this one, rights and settings included. Whoever is connected is thrown out."""
        from psycopg import sql  # noqa: PLC0415  (costs a third of a second)

        with self.down() as admin:
            owner = _one(admin, OWNER, self.name)
            create = "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy"
            admin.execute(_named(create, name, owner.strip('"'), self.name))
            admin.execute(sql.SQL(COPY_RIGHTS), [self.name, name])
            admin.execute(sql.SQL(COPY_SETTINGS), [self.name, name])
        return Adopted(self._postgres, self.role, self._password, name)

    @contextmanager
    def down(self) -> Iterator[Connection]:
        """Let nobody in for as long as this lasts, whoever is in goes; an administrator's connection meanwhile."""
        with self._postgres.admin() as admin:
            admin.execute(_named("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name))
            try:
                admin.execute(THROW_OUT, [self.name])
                yield admin
            finally:
                admin.execute(_named("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name))

    def admin(self) -> Connection:
        """Return an administrator's connection to it, in autocommit mode. Close it."""
        return self._postgres.admin(self.name)

    def drop(self) -> None:
        """Drop it, connections and all. Idempotent."""
        with self._postgres.admin() as admin:
            admin.execute(_named("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))


def adopt(postgres: Postgres, passwords: Mapping[str, str], where: str) -> dict[str, Adopted]:
    """Take the database and the login role of each service, both called as it is; ``where`` is who was to make them.

    Raises LearnerFault that names what is not there.
    """
    with postgres.admin() as admin:
        databases = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
        roles = {row[0] for row in admin.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin")}
    for service in passwords:
        for kind, there in ((N_("database"), databases), (N_("login role"), roles)):
            if service not in there:
                raise LearnerFault(
                    N_("{where} has made no {kind} {service!r}."),
                    N_("Each service has a database and a login role that bear its name; the server has: {found}."),
                    where=where,
                    kind=kind,
                    service=service,
                    found=", ".join(sorted(name for name in there if not name.startswith(("pg_", "template")))),
                )
    return {service: Adopted(postgres, service, password, service) for service, password in passwords.items()}


def _one(connection: Connection, query: str, *values: object) -> str:
    row = connection.execute(query, values).fetchone()
    return str(row[0]) if row else ""


def _named(query: str, *names: str) -> Composed:
    from psycopg import sql  # noqa: PLC0415

    return sql.SQL(query).format(*map(sql.Identifier, names))
