"""The schema of orders: ``up`` makes the tables, ``down`` drops them, ``drift`` compares them with the models."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, make_url, text

from services.orders.models import Base

LOCK = 20261102
"""Whoever migrates this database holds it."""

NOTHING_LEFT = 3
"""What ``down`` exits with at the bottom."""


def up() -> None:
    """Make the tables that are not there. Of two at once, the second waits, and finds it done."""
    with _alone() as connection:
        Base.metadata.create_all(connection)


def down() -> None:
    """Drop the tables; exit with 3 when there are none."""
    with _alone() as connection:
        if not inspect(connection).has_table("orders"):
            sys.exit(NOTHING_LEFT)
        Base.metadata.drop_all(connection)


def drift() -> None:
    """Exit with 1 and say what differs, unless the tables are what the models say."""
    with _alone() as connection:
        migrated = MigrationContext.configure(connection, opts={"compare_server_default": True})
        found = compare_metadata(migrated, Base.metadata)
    if found:
        sys.exit("\n".join(["the tables are not what the models say:", *map(repr, found)]))


@contextmanager
def _alone() -> Iterator[Connection]:
    """Lend a connection in one transaction, as soon as nobody else migrates this database."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection


if __name__ == "__main__":
    {"up": up, "down": down, "drift": drift}[sys.argv[1]]()
