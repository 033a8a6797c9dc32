"""The schema of orders, from plain SQL: ``up`` to the newest migration, ``down`` by one, ``drift`` from what they make.

A migration is a pair of files in migrations/, NAME.up.sql and NAME.down.sql; those that were run are in the table
``migrations``. They are the only model there is: ``drift`` runs them once more, aside, and compares.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

HERE = Path(__file__).parent / "migrations"
LOCK = 20261102
NOTHING_LEFT = 3

DESCRIBED = """
SELECT format('%%s.%%s %%s %%s %%s %%s', table_name, column_name, data_type, is_nullable, is_identity, column_default)
  FROM information_schema.columns WHERE table_schema = %(schema)s
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = %(schema)s
UNION ALL SELECT format('%%s %%s %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace
"""
"""A schema, a line for each column, index and constraint."""

Connection = psycopg.Connection[tuple[Any, ...]]


def up() -> None:
    """Run what has not been run. Of two at once, the second waits, and finds it done."""
    with _alone() as db:
        for name in sorted(_all() - set(_done(db))):
            db.execute(_sql(name, "up"))
            db.execute("INSERT INTO migrations VALUES (%s)", [name])
            print(f"up {name}", flush=True)


def down() -> None:
    """Take the newest back; exit with 3 when there is none."""
    with _alone() as db:
        done = _done(db)
        if not done:
            sys.exit(NOTHING_LEFT)
        db.execute(_sql(done[-1], "down"))
        db.execute("DELETE FROM migrations WHERE name = %s", [done[-1]])


def drift() -> None:
    """Exit with 1 and say what differs, unless the tables are what the migrations make."""
    with _alone() as db:
        found = _described(db, "public")
        db.execute("CREATE SCHEMA afresh; SET LOCAL search_path = afresh")
        for name in sorted(_all()):
            db.execute(_sql(name, "up"))
        meant = _described(db, "afresh")
        db.rollback()
    if found != meant:
        sys.exit("\n".join([*(f"- {line}" for line in meant - found), *(f"+ {line}" for line in found - meant)]))


@contextmanager
def _alone() -> Iterator[Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as db:
        db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        db.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY)")
        yield db


def _all() -> set[str]:
    return {path.name.removesuffix(".up.sql") for path in HERE.glob("*.up.sql")}


def _done(db: Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM migrations ORDER BY name")]


def _sql(name: str, direction: str) -> bytes:
    return (HERE / f"{name}.{direction}.sql").read_bytes()


def _described(db: Connection, schema: str) -> set[str]:
    lines = [line.replace(f"{schema}.", "") for (line,) in db.execute(DESCRIBED, {"schema": schema})]
    return {line for line in lines if not line.startswith(("migrations", "CREATE UNIQUE INDEX migrations_pkey"))}


if __name__ == "__main__":
    {"up": up, "down": down, "drift": drift}[sys.argv[1]]()
