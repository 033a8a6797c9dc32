"""A server that someone lends us by its URL: used beside others, and left as it was found."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from checker.backing.connect import Connection, connect
from checker.backing.naming import Naming, run_of
from checker.backing.postgres import Postgres
from checker.errors import N_, Blocked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.backing.statements import Statement

__all__ = ["postgres_at"]

CLASS = 0x5EA
"""Our half of the advisory locks that say: this run is alive."""

NAMES = "SELECT datname FROM pg_database WHERE datname LIKE 'seamwork\\_%' AND NOT datistemplate"
ROLES = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'seamwork\\_%'"
ALIVE = "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted"


class _Lent:
    def __init__(self, url: str, version: str) -> None:
        self.url, self.version = url, version

    def statements(self) -> list[Statement]:
        raise Blocked(
            N_("What a server given by URL is asked cannot be seen from here."), N_("Use --backing embedded or path.")
        )

    def close(self) -> None:
        """Nothing: it is not ours."""


def postgres_at(url: str) -> Postgres:
    """Use the server at ``url``, "postgresql://admin:password@host:port/database".

    The administrator needs CREATEDB and CREATEROLE. Databases and roles that a crashed run left more than an hour ago
    are dropped first; a run that is alive holds an advisory lock, and is left alone whatever its age.
    Raises Blocked when the server cannot be used.
    """
    connection = connect(url)
    naming = Naming.for_a_lent_server()
    try:
        _see_that_it_will_do(connection, url)
        connection.execute("SELECT pg_advisory_lock(%s, %s)", [CLASS, _number(naming.run)])
        _drop_left_behind(connection)
        return Postgres(_Lent(_whole(url), _version(connection)), connection, naming=naming)
    except BaseException:
        connection.close()
        raise


def _see_that_it_will_do(connection: Connection, url: str) -> None:
    query = "SELECT rolsuper OR (rolcreatedb AND rolcreaterole), rolname FROM pg_roles WHERE rolname = current_user"
    able, role = connection.execute(query).fetchone() or (False, "")
    if not able:
        raise Blocked(
            N_("The role {role!r} may not create databases and roles at {host}."),
            N_("As its administrator: ALTER ROLE {role} CREATEDB CREATEROLE"),
            role=role,
            host=urlsplit(url).hostname,
        )


def _drop_left_behind(connection: Connection) -> None:
    alive = {row[0] for row in connection.execute(ALIVE, [CLASS])}
    for query, statement in ((NAMES, "DROP DATABASE IF EXISTS {} WITH (FORCE)"), (ROLES, "DROP ROLE IF EXISTS {}")):
        names = [str(row[0]) for row in connection.execute(query)]
        _drop(connection, statement, [name for name in names if _is_left_behind(name, alive)])


def _is_left_behind(name: str, alive: set[int]) -> bool:
    run = run_of(name, now=time.time())
    return run is not None and _number(run) not in alive


def _drop(connection: Connection, statement: str, names: Iterable[str]) -> None:
    from psycopg import Error, sql  # noqa: PLC0415  (costs a third of a second)

    for name in names:
        with contextlib.suppress(Error):  # another administrator's, or another run was quicker
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _number(run: str) -> int:
    return int(run, 16)


def _whole(url: str) -> str:
    """Return ``url`` as "postgresql://…", whatever it was spelt like."""
    return urlsplit(url)._replace(scheme="postgresql").geturl()


def _version(connection: Connection) -> str:
    return (connection.info.parameter_status("server_version") or "0").split()[0]
