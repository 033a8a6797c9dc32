"""Redis: embedded, from PATH, and one that someone lends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import redis

from checker.backing import SubprocessStarter, binaries, open_redis
from checker.backing.places import server_uid
from checker.backing.ports import free_port
from checker.backing.valkey import Valkey
from checker.errors import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lent() -> Iterator[str]:
    with open_redis("embedded") as server:
        yield server.url


@pytest.fixture
def admin(lent: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(lent, decode_responses=True) as client:
        yield client
        client.flushall()


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True)


@pytest.mark.parametrize("spec", ["embedded", pytest.param("path", marks=pytest.mark.needs("redis-server"))])
def test_own_server_answers(spec: str) -> None:
    """A server of ours keeps what is sent, streams and groups included, and knows its version."""
    with open_redis(spec) as server, client(server.url) as connection:
        connection.xgroup_create("events", "users", mkstream=True)
        info = connection.info("server")

        assert connection.xadd("events", {"id": 1})
        assert server.version in {info.get("valkey_version"), info["redis_version"]}


def test_password_is_asked_for(lent: str) -> None:
    """Nobody on the machine gets in without the password."""
    port = client(lent).connection_pool.connection_kwargs["port"]

    with client(f"redis://127.0.0.1:{port}") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_taken_port_is_given_up(lent: str) -> None:
    """When the port turns out to be taken, another is tried."""
    taken = client(lent).connection_pool.connection_kwargs["port"]
    ports = iter([taken, free_port()])
    valkey = Valkey(binaries.redis_embedded(server_uid()), SubprocessStarter(), ports=lambda: next(ports))

    assert f":{taken}/" not in valkey.url
    valkey.close()


def test_lent_server_gives_an_empty_database(lent: str, admin: redis.Redis) -> None:
    """On a server of others, a run gets a numbered database that was empty, never the one in the URL."""
    client(lent.replace("/0", "/1")).set("theirs", "1")

    with open_redis(lent) as leased:
        assert leased.url == lent.replace("/0", "/2")
    assert admin.dbsize() == 0


def test_two_runs_do_not_meet(lent: str) -> None:
    """Two runs on one lent server get a database each."""
    with open_redis(lent) as first, open_redis(lent) as second:
        assert first.url != second.url


def test_lent_database_is_given_back_empty(lent: str) -> None:
    """What a run left in its database is gone when it ends; the rest of the server is as it was."""
    with open_redis(lent) as leased, client(leased.url) as connection:
        connection.set("left", "1")

    assert client(lent).info("keyspace") == {}


def test_crashed_run_s_database_is_taken_back(lent: str, admin: redis.Redis) -> None:
    """A database that a dead run claimed more than an hour ago is emptied and used."""
    admin.set("seamwork:run:1", f"{int(time.time()) - 4000} deadbeef")
    client(lent.replace("/0", "/1")).set("left", "1")

    with open_redis(lent) as leased, client(leased.url) as connection:
        assert leased.url.endswith("/1")
        assert connection.dbsize() == 0


def test_living_run_keeps_its_database(lent: str, admin: redis.Redis) -> None:
    """However long ago it was claimed, a database is left alone while its run is connected."""
    with open_redis(lent) as living:
        run = str(admin.get("seamwork:run:1")).split()[1]
        admin.set("seamwork:run:1", f"{int(time.time()) - 4000} {run}")

        with open_redis(lent) as other:
            assert other.url != living.url


def test_full_server_is_blocked(lent: str) -> None:
    """Without an empty database, a run says so rather than using a full one."""
    for index in range(1, 16):
        client(lent.replace("/0", f"/{index}")).set("theirs", "1")

    with pytest.raises(Blocked, match="no empty database left"):
        open_redis(lent)
    client(lent).flushall()


def test_unreachable_redis_is_named_without_password() -> None:
    """A URL nobody answers at is blocked, and its password is not told."""
    with pytest.raises(Blocked, match=r"redis://@127\.0\.0\.1:1/0 cannot be used") as found:
        open_redis("redis://:secret@127.0.0.1:1/0")

    assert "secret" not in str(found.value)
