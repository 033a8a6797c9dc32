"""The schema of orders: ``up`` to the newest revision, ``down`` by one, ``drift`` between models and tables."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

LOCK = 20261102
"""Whoever migrates this database holds it."""


def up() -> None:
    """Bring the schema to the newest revision. Of two at once, the second waits, and finds it done."""
    with _alone() as connection:
        command.upgrade(_config(connection), "head")


# Your turn: down(), which ends with 3 when there is nothing left to take back, and drift(), which ends with 1 and says
# what differs when the tables are not what the models say.


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
    config.set_main_option("script_location", "services.orders:migrations")
    return config


if __name__ == "__main__":
    {"up": up}[sys.argv[1]]()
