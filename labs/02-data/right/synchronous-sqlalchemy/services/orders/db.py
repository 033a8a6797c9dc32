"""The database of this service, as one engine and one session for each request."""

import os
from collections.abc import Iterator
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session as OrmSession


@cache
def engine() -> Engine:
    """Return the engine for DATABASE_URL; it connects when the first query needs it."""
    return create_engine(
        make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg"),
        connect_args={"options": "-c timezone=UTC"},
    )


def _session() -> Iterator[OrmSession]:
    with OrmSession(engine(), expire_on_commit=False) as opened:
        yield opened


Session = Annotated[OrmSession, Depends(_session)]
