"""A role that sees only the tables it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.errors import N_, LearnerFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.sql import Composed

    from checker.backing.connect import Connection

__all__ = ["grant_only"]

FIND = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
SEQUENCES = """
SELECT n.nspname, s.relname FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace
WHERE d.classid = 'pg_class'::regclass AND d.refobjid = to_regclass(%s) AND d.deptype IN ('a', 'i')
"""


def grant_only(connection: Connection, role: str, tables: Sequence[str]) -> None:
    """Let ``role`` read and write ``tables`` and use the sequences their columns own.

    A name is taken literally, "schema.table" or "table" in the search path. Raises LearnerFault for one that is not there.
    """
    for table in tables:
        _grant(connection, role, table)


def _grant(connection: Connection, role: str, table: str) -> None:
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
    found = connection.execute(FIND, [quoted]).fetchone()
    if found is None:
        raise LearnerFault(
            N_("Database {database!r} has no table {table!r}."),
            N_("Name it as the contract does: labs/contract/owners.toml."),
            database=connection.info.dbname,
            table=table,
        )
    connection.execute(_statement("USAGE ON SCHEMA {}", found[:1], role))
    connection.execute(_statement("SELECT, INSERT, UPDATE, DELETE ON TABLE {}", found, role))
    for sequence in connection.execute(SEQUENCES, [quoted]):
        connection.execute(_statement("USAGE, SELECT, UPDATE ON SEQUENCE {}", sequence, role))


def _statement(what: str, name: Sequence[str], role: str) -> Composed:
    from psycopg import sql  # noqa: PLC0415

    granted = sql.SQL(what).format(sql.Identifier(*name))
    return sql.SQL("GRANT {} TO {}").format(granted, sql.Identifier(role))
