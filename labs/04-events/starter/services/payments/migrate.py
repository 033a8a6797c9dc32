"""The schema of payments: ``up`` to the newest revision, ``down`` by one, ``drift`` between models and tables."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from services.payments.models import Base

LOCK = 20261209
"""Whoever migrates this database holds it."""

NOTHING_LEFT = 3
"""What ``down`` exits with at the bottom."""


def up() -> None:
    """Bring the schema to the newest revision. Of two at once, the second waits, and finds it done."""
    with _alone() as connection:
        command.upgrade(_config(connection), "head")


def down() -> None:
    """Take the newest revision back; exit with 3 when there is none."""
    with _alone() as connection:
        if MigrationContext.configure(connection).get_current_revision() is None:
            sys.exit(NOTHING_LEFT)
        command.downgrade(_config(connection), "-1")


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


def _config(connection: Connection) -> Config:
    """Tell Alembic where the migrations are, and lend it the connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "services.payments:migrations")
    return config


if __name__ == "__main__":
    {"up": up, "down": down, "drift": drift}[sys.argv[1]]()
