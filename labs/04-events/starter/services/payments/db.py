"""The database of this service, as one engine and one session for each request."""

import os
from collections.abc import AsyncIterator
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine


@cache
def engine() -> AsyncEngine:
    """Return the engine for DATABASE_URL; it connects when the first query needs it."""
    return create_async_engine(make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg"))


async def _session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine(), expire_on_commit=False) as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(_session)]
