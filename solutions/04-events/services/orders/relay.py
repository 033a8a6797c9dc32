"""The process orders-relay: publishes what lies in the outbox.

It looks for what is not published, and never for "what is greater than the last number that I saw": the number is given when
a row is written, not when it is committed, so a slow transaction shows its smaller number later, and would be passed over.

Between the publishing and the commit it may die; then somebody publishes the same event again. That cannot be helped, and
does no harm: it has the same id, and whoever reads it does once what it asks for.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg  # type: ignore[import-untyped]  # it brings no types
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from services.orders import db
from services.orders.models import OutboxEntry

log = logging.getLogger(__name__)

STREAM = "orders.events"

BATCH = 100
"""Entries that are published in one transaction, at most."""

AWAY = (OSError, RedisError, SQLAlchemyError, asyncpg.PostgresError)
"""What is raised while the broker or the database cannot be had. Nothing is lost by it: the entries stay where they are."""

Send = Callable[[str], Awaitable[object]]


def main() -> None:
    """Publish until SIGTERM comes."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    asyncio.run(_run())


async def _run() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    # It is asked again here, and at our own pace: the client need not.
    async with Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0)) as redis:
        await _publish_all(_sender(redis), stopping)
    await db.engine().dispose()


def _sender(redis: Redis) -> Send:
    """Return what adds an event to our stream, which keeps about STREAM_MAXLEN of them."""
    most = int(os.environ["STREAM_MAXLEN"])
    return lambda event: redis.xadd(STREAM, {"event": event}, maxlen=most, approximate=True)


async def _publish_all(send: Send, stopping: asyncio.Event) -> None:
    """Publish batch after batch; wait when there is nothing, or when it cannot be done at the moment."""
    well = True
    while not stopping.is_set():
        try:
            async with AsyncSession(db.engine()) as session, session.begin():
                published = await publish(session, send)
        except AWAY as away:
            if well:
                log.warning("nothing can be published: %s: %s", type(away).__name__, str(away).partition("\n")[0])
            published, well = 0, False
            await db.engine().dispose()  # in whatever state its connections are, the next try has a new one
        else:
            if not well:
                log.info("publishing goes on")
            well = True
        if not published:
            await _pause(stopping)


async def publish(session: AsyncSession, send: Send) -> int:
    """Publish the oldest entries that are not published, and return how many that were.

    They are locked until the transaction ends. Another relay skips them and takes those behind; it need not wait.
    """
    oldest = select(OutboxEntry).where(OutboxEntry.published_at.is_(None)).order_by(OutboxEntry.sequence).limit(BATCH)
    entries = (await session.scalars(oldest.with_for_update(skip_locked=True))).all()
    for entry in entries:
        await send(entry.event)
        entry.published_at = datetime.now(UTC)
    return len(entries)


async def _pause(stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(int(os.environ["RELAY_POLL_MS"]) / 1000):
            await stopping.wait()


if __name__ == "__main__":
    main()
