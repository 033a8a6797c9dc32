"""The one engine of the shop, and the sessions that every module shares."""

import os
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine


@cache
def engine() -> AsyncEngine:
    """Return the shop's engine; it connects when the first query needs it."""
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")
    created = create_async_engine(url)
    event.listen(created.sync_engine, "before_cursor_execute", _tag, retval=True)
    return created


def session_for(domain: str) -> Callable[[], AsyncIterator[AsyncSession]]:
    """Make a FastAPI dependency: a session whose queries carry the name of the domain that asks."""

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine().execution_options(domain=domain), expire_on_commit=False) as opened:
            yield opened

    return session


def _tag(conn: Any, _cursor: Any, statement: str, parameters: Any, *_context: Any) -> tuple[str, Any]:
    domain = conn.get_execution_options().get("domain", "shop")
    return f"/* domain:{domain} */ {statement}", parameters
