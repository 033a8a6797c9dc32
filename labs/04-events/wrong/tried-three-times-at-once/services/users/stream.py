"""A stream as one group reads it: each entry is handled, however long that takes, or goes to the dead letters.

An entry is acknowledged when what it asks for is committed, and not before: whoever dies in between leaves it lying, and
it is handled again. So ``handle`` must do once what it is told twice, and then nothing is lost, and nothing done twice.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from sqlalchemy.exc import InterfaceError

from services.users import db
from services.users.cloudevents import Unreadable

log = logging.getLogger(__name__)

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]
Handle = Callable[[bytes], Awaitable[None]]

DATABASE_AWAY = ("08", "53", "57P")
"""How the SQLSTATE of an error begins that says nothing about what was asked: no connection, no room, starting, stopping."""


def consume(stream: str, group: str, handle: Handle) -> None:
    """Be a process of ``group`` at ``stream`` until SIGTERM comes.

    ``handle`` does what an event asks for, and returns when that is committed. It raises Unreadable when there is no sense
    in the event; whatever else it raises is tried again.
    """
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    asyncio.run(_consume(stream, group, handle))


async def _consume(stream: str, group: str, handle: Handle) -> None:
    # It is asked again here, and at our own pace: the client need not. And it must be more patient than a read.
    patience = _bound("READ_BLOCK_MS") / 1000 + 2
    async with Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0), socket_timeout=patience) as redis:
        await Consumer(redis, stream, group, handle).run()
    await db.engine().dispose()


class Consumer:
    """One process of a group. It takes one entry at a time, so that none waits here while others have time for it."""

    def __init__(self, redis: Redis, stream: str, group: str, handle: Handle) -> None:
        self._redis: Any = redis  # the client types each answer as all that Redis could ever answer
        self._stream, self._group, self._handle = stream, group, handle
        self._name = f"{os.environ['INSTANCE']}/{os.getpid()}"
        self._stopping = asyncio.Event()
        self._cursor = b"0-0"  # where the look at what was left lying goes on

    async def run(self) -> None:
        """Take entry after entry until SIGTERM, and finish the one in hand. While the broker is away, wait."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stopping.set)
        while not self._stopping.is_set():
            try:
                await self._join()
                while not self._stopping.is_set():
                    for entry, fields in await self._next():
                        await self._take(entry, fields)
            except (OSError, RedisError) as away:
                log.warning("%s: the broker does not answer: %s: %s", self._stream, type(away).__name__, away)
                await self._pause()

    async def _join(self) -> None:
        """Make the group, and the stream, unless they are there. It begins with what is in the stream already."""
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as there:
            if "BUSYGROUP" not in str(there):
                raise

    async def _next(self) -> Sequence[Entry]:
        """Return an entry that was left lying, or else a new one; none when none comes within READ_BLOCK_MS."""
        return await self._abandoned() or await self._new()

    async def _abandoned(self) -> Sequence[Entry]:
        """Take over an entry that somebody, maybe we, took more than CLAIM_IDLE_MS ago and did not acknowledge."""
        idle, start = _bound("CLAIM_IDLE_MS"), self._cursor
        found = await self._redis.xautoclaim(self._stream, self._group, self._name, idle, start_id=start, count=1)
        self._cursor, entries, *_ = found
        return list(entries)

    async def _new(self) -> Sequence[Entry]:
        news, block = {self._stream: ">"}, _bound("READ_BLOCK_MS")
        found = await self._redis.xreadgroup(self._group, self._name, news, count=1, block=block)
        return [entry for _, entries in found for entry in entries]

    async def _take(self, entry: bytes, fields: Fields) -> None:
        """Handle an entry. Acknowledged is what is done, or among the dead letters; all else is left lying, and comes again.

        While the database is away it is tried until that is back, which does not count. Others may take it over meanwhile.
        """
        failure = await self._tried(fields)
        if _says_away(failure):
            await self._uncount(entry)
        while _says_away(failure) and not self._stopping.is_set():
            log.warning("%s: the database does not answer: %r", self._stream, failure)
            await self._pause()
            failure = await self._tried(fields)
        if failure is None:
            await self._redis.xack(self._stream, self._group, entry)
        elif isinstance(failure, Unreadable):
            await self._bury(entry, fields, str(failure))
        elif not _says_away(failure):
            await self._failed(entry, fields, failure)

    async def _tried(self, fields: Fields) -> Exception | None:
        """Handle what is in an entry, and return what went wrong."""
        try:
            if b"event" not in fields:
                raise Unreadable("It has no field event.")  # noqa: TRY301  (as if it had been read)
            await self._handle(fields[b"event"])
        except Exception as failure:  # noqa: BLE001  (whatever it is, the process goes on with what comes next)
            await db.engine().dispose()  # in whatever state its connection is, the next try has a new one
            return failure
        return None

    async def _failed(self, entry: bytes, fields: Fields, failure: Exception) -> None:
        """Leave an entry lying that could not be handled, unless it has been delivered DELIVERIES times, to whomever."""
        log.error("%s: entry %s could not be handled", self._stream, entry.decode(), exc_info=failure)
        for _ in range(_bound("DELIVERIES") - 1):
            if await self._tried(fields) is None:
                await self._redis.xack(self._stream, self._group, entry)
                return
        await self._bury(entry, fields, f"It was tried often enough, at last with {type(failure).__name__}.")

    async def _uncount(self, entry: bytes) -> None:
        """Take this delivery of an entry off its count."""
        times = max(0, await self._deliveries(entry) - 1)
        await self._redis.xclaim(self._stream, self._group, self._name, 0, [entry], retrycount=times, justid=True)

    async def _deliveries(self, entry: bytes) -> int:
        """Return how often an entry has been delivered; 0 when somebody has acknowledged it meanwhile."""
        pending = await self._redis.xpending_range(self._stream, self._group, min=entry, max=entry, count=1)
        return sum(one["times_delivered"] for one in pending)

    async def _bury(self, entry: bytes, fields: Fields, reason: str) -> None:
        """Move an entry to the dead letters, in one step: it is here or there."""
        log.error("%s: entry %s goes to the dead letters. %s", self._stream, entry.decode(), reason)
        letter = {**fields, b"reason": reason.encode(), b"group": self._group.encode(), b"entry": entry}
        async with self._redis.pipeline(transaction=True) as both:
            both.xadd(f"{self._stream}.dead", letter)
            both.xack(self._stream, self._group, entry)
            await both.execute()

    async def _pause(self) -> None:
        """Wait for READ_BLOCK_MS, or until we are to stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_bound("READ_BLOCK_MS") / 1000):
                await self._stopping.wait()


def _says_away(failure: Exception | None) -> bool:
    """Tell whether the database cannot be had at the moment, which is nobody's fault who asked it something."""
    state = getattr(getattr(failure, "orig", failure), "sqlstate", None) or ""
    return isinstance(failure, OSError | InterfaceError) or state.startswith(DATABASE_AWAY)


def _bound(name: str) -> int:
    """Return one of the bounds that the contract tells every service."""
    return int(os.environ[name])
