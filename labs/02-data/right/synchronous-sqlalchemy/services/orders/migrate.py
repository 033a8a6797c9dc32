"""What Alembic's own commands do not say by their exit codes: ``down`` by one, 3 at the bottom; ``drift``, 1 if there is any."""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, NullPool, create_engine, make_url

from services.orders.models import Base

NOTHING_LEFT = 3


def down() -> None:
    """Take the newest revision back; exit with 3 when there is none."""
    with _engine().connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        sys.exit(NOTHING_LEFT)
    command.downgrade(Config(Path(__file__).with_name("alembic.ini")), "-1")


def drift() -> None:
    """Exit with 1 and say what differs, unless the tables are what the models say."""
    with _engine().connect() as connection:
        found = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_server_default": True}), Base.metadata
        )
    if found:
        sys.exit("\n".join(map(repr, found)))


def _engine() -> Engine:
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
    return create_engine(url, poolclass=NullPool)


if __name__ == "__main__":
    {"down": down, "drift": drift}[sys.argv[1]]()
