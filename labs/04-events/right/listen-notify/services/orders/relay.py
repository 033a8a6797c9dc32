"""The process orders-relay: publishes what lies in the outbox, as soon as PostgreSQL says that something does.

A trigger notifies the channel ``outbox``, and what it says is heard when the transaction is committed: so what has been
heard of can be read. Who hears nothing looks all the same, after RELAY_POLL_MS. Another relay may have had an entry in hand
when we looked, and may have died with it, and nobody says so.

It looks for what is not published, and never for what is greater than some number, for that is given before the commit.
Between the publishing and the commit it may die; then somebody publishes the same event, with the same id, again.
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

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
CHANNEL = "outbox"

BATCH = 100
"""Entries that are published in one transaction, at most."""

AWAY = (OSError, RedisError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What is raised while the broker or the database cannot be had. Nothing is lost by it: the entries stay where they are."""

Send = Callable[[str], Awaitable[object]]


class Bell:
    """What wakes the relay: there is news, or it is time to stop."""

    def __init__(self) -> None:
        self.stopping = False
        self._rung = asyncio.Event()

    def ring(self, *_: object) -> None:
        """Wake who waits, or who is about to."""
        self._rung.set()

    def stop(self) -> None:
        """Wake them for the last time."""
        self.stopping = True
        self.ring()

    async def wait(self) -> None:
        """Wait until it rings, RELAY_POLL_MS at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(int(os.environ["RELAY_POLL_MS"]) / 1000):
                await self._rung.wait()

    def hush(self) -> None:
        """Say that everything is looked at that it has rung for so far."""
        self._rung.clear()


def main() -> None:
    """Publish until SIGTERM comes."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    asyncio.run(_run())


async def _run() -> None:
    bell = Bell()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, bell.stop)
    # It is asked again here, and at our own pace: the client need not.
    async with Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0)) as redis:
        while not bell.stopping:
            try:
                async with _listening(bell) as listener:
                    await _publish_all(_sender(redis), bell, listener)
            except AWAY as away:
                log.warning("nothing can be published: %s: %s", type(away).__name__, str(away).partition("\n")[0])
                await db.engine().dispose()  # in whatever state its connections are, the next try has new ones
                bell.hush()
                await bell.wait()
    await db.engine().dispose()


@asynccontextmanager
async def _listening(bell: Bell) -> AsyncIterator[Any]:
    """Let the bell ring when something is committed, or when the connection that would tell us is lost: this one."""
    async with db.engine().connect() as connection:
        listener: Any = (await connection.get_raw_connection()).driver_connection
        listener.add_termination_listener(bell.ring)
        await listener.add_listener(CHANNEL, bell.ring)
        try:
            yield listener
        finally:
            # It goes back into the pool; whoever gets it next does not listen.
            if not listener.is_closed():
                listener.remove_termination_listener(bell.ring)
                await listener.remove_listener(CHANNEL, bell.ring)


def _sender(redis: Redis) -> Send:
    """Return what adds an event to our stream, which keeps about STREAM_MAXLEN of them."""
    most = int(os.environ["STREAM_MAXLEN"])
    return lambda event: redis.xadd(STREAM, {"event": event}, maxlen=most, approximate=True)


async def _publish_all(send: Send, bell: Bell, listener: Any) -> None:
    """Publish batch after batch, and wait for the bell when there is nothing. ConnectionError when nobody listens any more."""
    while not bell.stopping:
        if listener.is_closed():
            raise ConnectionError("the database does not tell us any more")
        bell.hush()  # before we look: what comes meanwhile rings again
        async with AsyncSession(db.engine()) as session, session.begin():
            published = await publish(session, send)
        if not published:
            await bell.wait()


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


if __name__ == "__main__":
    main()
