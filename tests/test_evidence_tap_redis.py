"""The Redis tap before a real server: nothing is changed, and each command is noted with what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis_world import world

from checker.backing import open_redis
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis_world import World

both = pytest.mark.parametrize("protocol", [2, 3])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with open_redis("embedded") as running:
        yield running.url


@pytest.fixture
def w(server: str) -> Iterator[World]:
    with world(server) as built:
        yield built


def read_all(client: redis.Redis) -> list[Any]:
    """Ask for a value of every kind."""
    client.rpush("list", *range(5))
    client.hset("hash", mapping={"a": 1, "b": 2})
    client.zadd("zset", {"a": 1.5, "b": 2})
    return [
        client.get("none"),
        client.lrange("list", 0, -1),
        client.hgetall("hash"),
        client.zrange("zset", 0, -1, withscores=True),
        client.sadd("set", "x"),
        client.smembers("set"),
        client.incr("n"),
        client.eval("return {1, {2, {'three', false}}}", 0),
        client.blpop(["none", "list"], timeout=1),
        client.info("server")["redis_version"],
    ]


@both
def test_every_kind_of_reply_passes(w: World, protocol: int) -> None:
    """A client hears through the tap what it hears past it."""
    with redis.Redis.from_url(w.url, decode_responses=True, protocol=protocol) as past:
        expected = read_all(past)
        past.flushall()

    with w.client(protocol=protocol) as client:
        assert read_all(client) == expected


@both
def test_commands_are_noted(w: World, protocol: int) -> None:
    """Name, arguments, keys, what was answered and when, the check that was on: all there before the client has its reply."""
    w.tap.ledger.check = "test_x"
    with w.client(protocol=protocol) as client:
        client.xadd("orders", {"id": "7"}, id="1-1")

        noted = w.one("XADD")
        assert (noted.arguments, noted.keys, noted.reply) == (("orders", "1-1", "id", "7"), ("orders",), "1-1")
        assert (noted.status, noted.check, noted.connection, (noted.seconds or 0) > 0) == (
            "answered",
            "test_x",
            1,
            True,
        )


def test_an_error_is_noted_as_one(w: World) -> None:
    """The text of an error is kept, and it is told from an answer."""
    with w.client() as client, pytest.raises(redis.ResponseError):
        client.execute_command("XGROUP", "CREATE", "nothing", "group", "$")

    assert w.one("XGROUP").error.startswith("ERR The XGROUP subcommand requires the key to exist")
    assert w.one("XGROUP CREATE").status == "error"


@both
def test_asyncio_clients_pass(w: World, protocol: int) -> None:
    """Fifty tasks on connections of their own get their own answers, and each is noted."""

    async def run() -> list[str]:
        async with w.aclient(protocol=protocol) as client:
            await asyncio.gather(*(client.set(f"k{n}", n) for n in range(50)))
            return await asyncio.gather(*(client.get(f"k{n}") for n in range(50)))

    assert asyncio.run(run()) == [str(n) for n in range(50)]
    assert (w.tap.by_name["SET"], w.tap.by_name["GET"], w.tap.connections > 1) == (50, 50, True)


def test_passwords_are_not_kept(w: World) -> None:
    """Whatever way a password is said, or told, it is not in the notes."""
    with w.client(protocol=3) as client:
        client.acl_setuser("bob", enabled=True, passwords=["+hunter2"], categories=["+@all"], keys=["*"])
        client.execute_command("AUTH", "bob", "hunter2")
        client.execute_command("HELLO", "3", "AUTH", "bob", "hunter2", "SETNAME", "me")
        with pytest.raises(redis.ResponseError):
            client.execute_command("CONFIG", "SET", "masterauth", "hunter2", "nonsense", "hunter2")
        client.config_get("requirepass")
        client.acl_list()
        client.acl_deluser("bob")

    told = repr(w.tap.commands())
    assert ("hunter2" in told, str(w.url).split("@")[0].rpartition(":")[2] in told) == (False, False)
    assert w.tap.commands("HELLO")[-1].arguments == ("3", "AUTH", "***", "***", "SETNAME", "me")


def test_connections_are_counted(w: World) -> None:
    """How many there are, and how many there were."""
    with w.client() as client:
        client.ping()
    with w.client() as client:
        client.ping()
        assert w.tap.open_now == 1

    assert w.tap.connections == 2
    assert until(lambda: w.tap.open_now == 0, within=5)


def test_begun_anew_after_a_mark(w: World) -> None:
    """``mark()`` leaves the counts as they are, and the commands before it out."""
    with w.client() as client:
        client.set("a", "1")
        w.tap.mark()
        client.get("a")

    assert [c.name for c in w.tap.commands()] == ["GET"]
    assert w.tap.by_name["SET"] == 1
