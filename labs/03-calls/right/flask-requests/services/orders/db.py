"""The database of this service."""

import os
from functools import cache

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session


@cache
def engine() -> Engine:
    """Return the engine for DATABASE_URL; its pool gives each thread a connection of its own."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
    return create_engine(url, connect_args={"options": "-c timezone=UTC"})


def session() -> Session:
    """Open a session: to be left before anybody is waited for, unless it is to be undone with the answer."""
    return Session(engine(), expire_on_commit=False)
