"""The schema of the shop: bring it to the newest revision. Whoever owns the tables owns their migrations."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

LOCK = 20260302
"""Whoever migrates this database holds it."""


def up() -> None:
    """Bring the schema to the newest revision. Of two at once, the second waits, and finds it done."""
    with _alone() as connection:
        command.upgrade(_config(connection), "head")


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
    config.set_main_option("script_location", "shop:migrations")
    return config
