"""The database of this service."""

import os
from functools import cache

from sqlalchemy import Engine, create_engine, make_url


@cache
def engine() -> Engine:
    """Return the engine for DATABASE_URL; its pool gives each thread a connection of its own."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
    return create_engine(url, connect_args={"options": "-c timezone=UTC"})
