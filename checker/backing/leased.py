"""One empty numbered database of a Redis that someone lends us by its URL."""

from __future__ import annotations

import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from checker.backing.connect import redacted
from checker.backing.naming import LEFT_BEHIND_AFTER
from checker.errors import N_, Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

__all__ = ["LeasedRedis", "version_of"]

CLAIM = "seamwork:run:"
"""Keys, in the database that the URL names, that say who has which of the others since when."""


class LeasedRedis:
    """Claims the first empty database but the URL's own, and empties it at the end.

    A database that a crashed run left more than an hour ago is emptied and taken as well; a run that is alive is known
    by the name of its connection.
    """

    def __init__(self, url: str) -> None:
        """Claim a database. Raises Blocked when the server cannot be used or has no empty one."""
        import redis  # noqa: PLC0415

        self._errors = redis.RedisError
        self._run = secrets.token_hex(4)
        self._home: redis.Redis = redis.Redis.from_url(url, decode_responses=True, client_name=_client(self._run))
        self._index: int | None = None
        try:
            self.version = _version(self._home.info("server"))
            self._index = self._claimed(url)
        except redis.RedisError as fault:
            self.close()
            raise Blocked(
                N_("Redis at {url} cannot be used: {fault}"),
                N_("See that it runs and that the password is right, or use --backing embedded."),
                url=redacted(url),
                fault=str(fault),
            ) from fault
        except BaseException:
            self.close()
            raise
        self.url = _at(url, self._index)

    def close(self) -> None:
        """Empty the database and give it back. Idempotent."""
        if self._index is not None:
            with contextlib.suppress(self._errors):  # what cannot be emptied now, a later run finds left behind
                self._empty(self._index)
                self._home.delete(f"{CLAIM}{self._index}")
            self._index = None
        self._home.close()

    def _claimed(self, url: str) -> int:
        alive = {str(client["name"]) for client in self._home.client_list()}
        for index in self._others(url):
            if self._left_behind(index, alive):
                self._empty(index)
                self._home.delete(f"{CLAIM}{index}")
            if self._take(index):
                return index
        raise Blocked(
            N_("Redis at {url} has no empty database left."),
            N_("Empty one that is not used, or use --backing embedded."),
            url=redacted(url),
        )

    def _others(self, url: str) -> Iterator[int]:
        own = int(urlsplit(url).path.strip("/") or 0)
        count = int(self._home.config_get("databases").get("databases") or 16)
        return (index for index in range(count) if index != own)

    def _left_behind(self, index: int, alive: set[str]) -> bool:
        since, _, run = str(self._home.get(f"{CLAIM}{index}") or "").partition(" ")
        return bool(run) and time.time() - float(since) > LEFT_BEHIND_AFTER and _client(run) not in alive

    def _take(self, index: int) -> bool:
        if not self._home.set(f"{CLAIM}{index}", f"{int(time.time())} {self._run}", nx=True):
            return False
        with self._database(index) as database:
            empty = database.dbsize() == 0
        if not empty:
            self._home.delete(f"{CLAIM}{index}")
        return empty

    def _empty(self, index: int) -> None:
        with self._database(index) as database:
            database.flushdb()

    @contextlib.contextmanager
    def _database(self, index: int) -> Iterator[redis.Redis]:
        import redis  # noqa: PLC0415

        settings = {**self._home.connection_pool.connection_kwargs, "db": index}
        pool = redis.ConnectionPool(connection_class=self._home.connection_pool.connection_class, **settings)
        try:
            yield redis.Redis(connection_pool=pool)
        finally:
            pool.disconnect()


def _client(run: str) -> str:
    return f"seamwork-{run}"


def version_of(url: str) -> str:
    """Return the version of the server at ``url``. Raises redis.RedisError."""
    import redis  # noqa: PLC0415

    with redis.Redis.from_url(url, decode_responses=True) as client:
        return _version(client.info("server"))


def _version(info: Any) -> str:
    return str(info.get("valkey_version") or info.get("redis_version"))


def _at(url: str, index: int) -> str:
    return urlsplit(url)._replace(path=f"/{index}").geturl()
