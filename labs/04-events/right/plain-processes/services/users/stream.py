"""A stream as one group reads it, in a plain process: nothing is waited for but the broker and the database, one at a time.

An entry is acknowledged when what it asks for is committed, and not before: whoever dies in between leaves it lying, and
it is handled again. So ``handle`` must do once what it is told twice, and then nothing is lost, and nothing done twice.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from services.users.cloudevents import Unreadable

log = logging.getLogger(__name__)

Fields = dict[bytes, bytes]
Handle = Callable[[bytes], None]

DATABASE_AWAY = ("08", "53", "57P")
"""How the SQLSTATE of an error begins that says nothing about what was asked: no connection, no room, starting, stopping."""


def consume(stream: str, group: str, handle: Handle) -> None:
    """Be a process of ``group`` at ``stream`` until SIGTERM comes.

    ``handle`` does what an event asks for, and returns when that is committed. It raises Unreadable when there is no sense
    in the event; whatever else it raises is tried again.
    """
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    # It is asked again here, and at our own pace: the client need not. And it must be more patient than a read.
    patience = _bound("READ_BLOCK_MS") / 1000 + 2
    with Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0), socket_timeout=patience) as redis:
        Consumer(redis, stream, group, handle).run()


class Consumer:
    """One process of a group. It takes one entry at a time, so that none waits here while others have time for it."""

    def __init__(self, redis: Redis, stream: str, group: str, handle: Handle) -> None:
        self._redis: Any = redis  # the client types each answer as all that Redis could ever answer
        self._stream, self._group, self._handle = stream, group, handle
        self._name = f"{os.environ['INSTANCE']}/{os.getpid()}"
        self._stopping = False

    def run(self) -> None:
        """Take entry after entry until SIGTERM, and finish the one in hand. While the broker is away, wait."""
        signal.signal(signal.SIGTERM, self._stop)
        while not self._stopping:
            try:
                self._join()
                for entry, fields in self._entries():
                    self._take(entry, fields)
            except (OSError, RedisError) as away:
                log.warning("%s: the broker does not answer: %s: %s", self._stream, type(away).__name__, away)
                _pause()

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _join(self) -> None:
        """Make the group, and the stream, unless they are there. It begins with what is in the stream already."""
        try:
            self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as there:
            if "BUSYGROUP" not in str(there):
                raise

    def _entries(self) -> Iterator[tuple[bytes, Fields]]:
        """Return what was left lying, and what is new, one after the other, until SIGTERM."""
        while not self._stopping:
            yield from self._abandoned()
            news = self._redis.xreadgroup(
                self._group, self._name, {self._stream: ">"}, count=1, block=_bound("READ_BLOCK_MS")
            )
            for _, entries in news:
                yield from entries

    def _abandoned(self) -> Iterator[tuple[bytes, Fields]]:
        """Take over what somebody, maybe we, took more than CLAIM_IDLE_MS ago and did not acknowledge, one at a time."""
        idle = _bound("CLAIM_IDLE_MS")
        for left in self._redis.xpending_range(self._stream, self._group, min="-", max="+", count=100, idle=idle):
            if self._stopping:
                return
            # Whoever is quicker has it: then it is not idle any more, and we get nothing.
            yield from self._redis.xclaim(self._stream, self._group, self._name, idle, [left["message_id"]])

    def _take(self, entry: bytes, fields: Fields) -> None:
        """Handle an entry. Acknowledged is what is done, or among the dead letters; all else is left lying, and comes again."""
        try:
            if b"event" not in fields:
                raise Unreadable("It has no field event.")  # noqa: TRY301  (as if it had been read)
            self._handle(fields[b"event"])
        except Unreadable as senseless:
            self._bury(entry, fields, str(senseless))
        except Exception as failure:  # noqa: BLE001  (whatever it is, the process goes on with what comes next)
            self._failed(entry, fields, failure)
        else:
            self._redis.xack(self._stream, self._group, entry)

    def _failed(self, entry: bytes, fields: Fields, failure: Exception) -> None:
        """Leave an entry lying; bury it when it has been delivered DELIVERIES times, and the database was there."""
        pending = self._redis.xpending_range(self._stream, self._group, min=entry, max=entry, count=1)
        times = sum(one["times_delivered"] for one in pending)
        if _says_away(failure):
            self._hand_back(entry, times, failure)
        elif times >= _bound("DELIVERIES"):
            self._bury(entry, fields, f"It was tried {times} times, at last with {type(failure).__name__}.")
        else:
            log.error("%s: entry %s could not be handled", self._stream, entry.decode(), exc_info=failure)

    def _hand_back(self, entry: bytes, times: int, failure: Exception) -> None:
        """Let an entry be as if it had not been delivered, for whoever has a database; we have none, and wait."""
        log.warning("%s: the database does not answer: %s", self._stream, type(failure).__name__)
        as_before = {"idle": _bound("CLAIM_IDLE_MS"), "retrycount": max(0, times - 1), "justid": True}
        self._redis.xclaim(self._stream, self._group, self._name, 0, [entry], **as_before)
        _pause()

    def _bury(self, entry: bytes, fields: Fields, reason: str) -> None:
        """Move an entry to the dead letters, in one step: it is here or there."""
        log.error("%s: entry %s goes to the dead letters. %s", self._stream, entry.decode(), reason)
        letter = {**fields, b"reason": reason.encode(), b"group": self._group.encode(), b"entry": entry}
        with self._redis.pipeline(transaction=True) as both:
            both.xadd(f"{self._stream}.dead", letter)
            both.xack(self._stream, self._group, entry)
            both.execute()


def _pause() -> None:
    """Wait for READ_BLOCK_MS. SIGTERM does not shorten that; it is short."""
    time.sleep(_bound("READ_BLOCK_MS") / 1000)


def _says_away(failure: Exception) -> bool:
    """Tell whether the database cannot be had at the moment, which is nobody's fault who asked it something."""
    if not isinstance(failure, psycopg.OperationalError):
        return False
    return failure.sqlstate is None or failure.sqlstate.startswith(DATABASE_AWAY)


def _bound(name: str) -> int:
    """Return one of the bounds that the contract tells every service."""
    return int(os.environ[name])
