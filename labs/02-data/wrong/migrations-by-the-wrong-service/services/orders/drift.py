"""Compare the tables of orders with its models: exit with 1 and say what differs."""

import os
import sys

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, make_url

from services.orders.models import Base


def main() -> None:
    """Exit with 1 and say what differs, unless the tables are what the models say."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    if found:
        sys.exit("\n".join(["the tables are not what the models say:", *map(repr, found)]))


if __name__ == "__main__":
    main()
