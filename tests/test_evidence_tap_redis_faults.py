"""What a Redis tap is told to do to a command, and that it does this to no other."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import redis
from redis_world import heard, world

from checker.backing import open_redis
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis_world import World


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with open_redis("embedded") as running:
        yield running.url


@pytest.fixture
def w(server: str) -> Iterator[World]:
    with world(server) as built:
        yield built


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as running:
        yield running


def test_a_held_command_does_not_reach_the_server(w: World, pool: ThreadPoolExecutor) -> None:
    """While XADD is held the stream is empty; released, it is there and the client has its id."""
    held = w.tap.hold("XADD")
    with w.client() as client, w.direct() as past:
        adding = pool.submit(client.xadd, "orders", {"id": 1}, id="1-1")
        assert held.wait(within=5)
        before, status = past.exists("orders"), w.one("XADD").status
        held.release()

        assert (before, status, adding.result(5), past.xlen("orders")) == (0, "waiting", "1-1", 1)


def test_a_held_answer_comes_after_the_deed(w: World, pool: ThreadPoolExecutor) -> None:
    """While the answer to XADD is held the entry is in the stream, and the notes have its id."""
    held = w.tap.hold("XADD", after=True)
    with w.client() as client, w.direct() as past:
        adding = pool.submit(client.xadd, "orders", {"id": 1}, id="1-1")
        assert held.wait(within=5)

        assert (past.xlen("orders"), w.one("XADD").reply, adding.done()) == (1, "1-1", False)
        held.release()
        assert adding.result(5) == "1-1"


@pytest.mark.parametrize(("after", "length"), [(False, 0), (True, 1)])
def test_what_is_held_can_be_dropped(w: World, pool: ThreadPoolExecutor, after: bool, length: int) -> None:
    """The client loses its connection; the server has done it only if it was the answer that was held."""
    held = w.tap.hold("XADD", after=after)
    with w.client() as client, w.direct() as past:
        adding = pool.submit(client.xadd, "orders", {"id": 1}, id="1-1")
        assert held.wait(within=5)
        held.drop()

        assert isinstance(adding.exception(5), redis.ConnectionError)
        assert (past.xlen("orders"), w.one("XADD").status) == (length, "answered" if after else "lost")


def test_a_client_that_leaves_takes_a_held_command_along(w: World) -> None:
    """Who was killed while XADD was held has not added anything, whatever is released later."""
    held = w.tap.hold("XADD")
    with w.raw() as sock:
        sock.sendall(b"XADD orders 1-1 id 1\r\n")
        assert held.wait(within=5)
    assert until(lambda: w.tap.open_now == 0, within=5)
    held.release()

    with w.direct() as past:
        assert (past.exists("orders"), w.one("XADD").status) == (0, "lost")


def test_only_the_kth_of_its_kind_is_meant(w: World) -> None:
    """The second XACK of this stream fails; other commands, other streams and the third do not count."""
    fault = w.tap.fail("XACK", "orders", only=2)
    with w.client() as client:
        for stream in ("orders", "users"):
            client.xgroup_create(stream, "g", mkstream=True)
        done = [client.xack("orders", "g", "1-1"), client.xack("users", "g", "1-1")]
        with pytest.raises(redis.exceptions.BusyLoadingError):
            client.xack("orders", "g", "1-2")
        done.append(client.xack("orders", "g", "1-3"))

    assert (done, fault.met) == ([0, 0, 0], 1)
    assert [c.fault is None for c in w.tap.commands("XACK")] == [True, True, False, True]


def test_a_failed_command_is_answered_in_its_place(w: World) -> None:
    """In a row the error stands where the command's reply would, and the server has seen the others only."""
    fault = w.tap.fail("SET", "b", error="-OOM command not allowed")
    with w.raw() as sock, w.direct() as past:
        sock.sendall(b"SET a 1\r\nBLPOP none 0.1\r\nSET b 1\r\nSET b 2\r\nSET c 1\r\nPING\r\n")

        answers = heard(sock, b"+PONG\r\n")
        assert answers == b"+OK\r\n*-1\r\n" + b"-OOM command not allowed\r\n" * 2 + b"+OK\r\n+PONG\r\n"
        assert (sorted(past.keys()), fault.met) == (["a", "c"], 2)


def test_a_failed_command_aborts_its_transaction(w: World) -> None:
    """As with a server that refuses one of them, none of the commands is executed."""
    w.tap.fail("INCRBY", error="OOM command not allowed")
    with w.client() as client, w.direct() as past:
        with client.pipeline() as pipe, pytest.raises(redis.exceptions.OutOfMemoryError):
            pipe.set("a", 1).incr("n").execute()

        assert (past.keys(), client.set("b", 1)) == ([], True)
    assert w.one("EXEC").error.startswith("EXECABORT")


def test_a_failed_exec_executes_nothing(w: World) -> None:
    """The transaction is discarded on the server, too: the connection can be used again."""
    w.tap.fail("EXEC", only=1)
    with w.client() as client, w.direct() as past:
        with client.pipeline() as pipe, pytest.raises(redis.exceptions.BusyLoadingError):
            pipe.set("a", 1).execute()

        assert (past.keys(), client.set("b", 1)) == ([], True)
    assert [c.status for c in w.tap.commands("SET")] == ["discarded", "answered"]


def test_the_answer_of_a_transaction_is_held(w: World, pool: ThreadPoolExecutor) -> None:
    """While the answer to EXEC is held all of it is done, and none of it is known to the client."""
    held = w.tap.hold("EXEC", after=True)
    with w.client() as client, w.direct() as past, client.pipeline() as pipe:
        executing = pool.submit(pipe.set("a", 1).xadd("orders", {"id": 1}, id="1-1").execute)
        assert held.wait(within=5)

        assert (past.get("a"), w.one("XADD").reply, executing.done()) == ("1", "1-1", False)
        held.release()
        assert executing.result(5) == [True, "1-1"]


def test_a_dropped_command_closes_the_connection(w: World) -> None:
    """The server sees neither it nor what comes behind it."""
    fault = w.tap.drop("XADD", after=False)
    with w.raw() as sock, w.direct() as past:
        sock.sendall(b"XADD orders 1-1 id 1\r\nSET a 1\r\n")

        assert (heard(sock, b"never"), past.keys(), fault.met) == (b"", [], 1)
    assert w.one("XADD").status == "lost"


def test_a_dropped_answer_closes_the_connection(w: World) -> None:
    """Those before it have their answers, it has none, and those behind it are lost."""
    fault = w.tap.drop("XADD")
    with w.raw() as sock, w.direct() as past:
        sock.sendall(b"PING\r\nXADD orders 1-1 id 1\r\nSET a 1\r\n")

        assert heard(sock, b"never") == b"+PONG\r\n"
        assert (past.xlen("orders"), fault.met, fault.unmet) == (1, 1, False)


def test_a_client_that_asks_again_adds_twice(w: World) -> None:
    """What a dropped answer is for: redis-py asks again by itself, and the stream has two entries."""
    w.tap.drop("XADD")
    with w.client(retry=redis.retry.Retry(redis.backoff.NoBackoff(), 1)) as client:
        client.xadd("orders", {"id": 1})

        assert client.xlen("orders") == 2


def test_a_read_that_blocks_is_held_when_it_has_something(w: World, pool: ThreadPoolExecutor) -> None:
    """XREADGROUP has entries pending for a consumer that does not have them yet."""
    held = w.tap.hold("XREADGROUP", "orders", after=True)
    with w.client() as client, w.direct() as past:
        past.xgroup_create("orders", "users", mkstream=True)
        reading = pool.submit(client.xreadgroup, "users", "one", {"orders": ">"}, block=5000)
        w.one("XREADGROUP", "waiting")
        early = held.arrived
        past.xadd("orders", {"id": 1})

        assert (held.wait(within=5), early, past.xpending("orders", "users")["pending"]) == (True, False, 1)
        held.release()
        assert reading.result(5)


def test_an_asyncio_client_is_held_alone(w: World) -> None:
    """While one connection is held the others of the same process go on."""
    held = w.tap.hold("SET", "a")

    async def run() -> tuple[bool, bool, bool]:
        async with w.aclient() as client:
            setting = asyncio.create_task(client.set("a", 1))
            await asyncio.to_thread(held.wait, 5)
            other, waiting = await client.set("b", 1), not setting.done()
            await asyncio.to_thread(held.release)
            return other, waiting, await setting

    assert asyncio.run(run()) == (True, True, True)


def test_what_comes_behind_a_held_command_waits(w: World) -> None:
    """Order is kept: nothing overtakes it on its connection, on either way."""
    held = w.tap.hold("SET", "a")
    with w.raw() as sock, w.direct() as past:
        sock.sendall(b"PING\r\nSET a 1\r\nSET b 1\r\n")
        assert held.wait(within=5)
        sock.sendall(b"SET c 1\r\nECHO end\r\n")
        before = past.keys()
        held.release()

        assert heard(sock, b"end\r\n") == b"+PONG\r\n" + b"+OK\r\n" * 3 + b"$3\r\nend\r\n"
        assert (before, sorted(past.keys())) == ([], ["a", "b", "c"])


def test_a_hold_is_over_when_it_was_released(w: World) -> None:
    """It holds one; those after it, and those that come when it has ended, go through."""
    held, unmet = w.tap.hold("SET"), w.tap.hold("GET")
    with w.raw() as sock:
        sock.sendall(b"SET a 1\r\n")
        assert held.wait(within=5)
        w.tap.heals()
        sock.sendall(b"SET b 1\r\nGET b\r\n")

        assert heard(sock, b"$1\r\n1\r\n") == b"+OK\r\n+OK\r\n$1\r\n1\r\n"
    assert (held.met, unmet.unmet, unmet.wait(within=0)) == (1, True, False)


def test_a_drop_that_was_healed_drops_nothing(w: World) -> None:
    """An answer that comes after the fault has ended goes back."""
    fault = w.tap.drop("BLPOP")
    with w.raw() as sock, w.direct() as past:
        sock.sendall(b"BLPOP list 5\r\n")
        w.one("BLPOP", "waiting")
        fault.end()
        past.rpush("list", "x")

        assert (heard(sock, b"x\r\n")[:4], fault.unmet) == (b"*2\r\n", True)


def test_a_broker_that_is_down(w: World) -> None:
    """Who is connected is cut off, who comes is refused; healed, the same client goes on."""
    with w.client() as client:
        client.set("a", 1)
        fault = w.tap.refuses()
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                client.get("a")
        w.tap.heals()

        assert (client.get("a"), fault.met, w.tap.connections) == ("1", 1, 2)


def test_a_broker_goes_down_while_somebody_connects(w: World, pool: ThreadPoolExecutor) -> None:
    """Who is in the middle of connecting is cut off too, and nobody waits for him."""
    done = threading.Event()

    def knock() -> None:
        while not done.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", w.tap.port), timeout=1) as sock:
                sock.sendall(b"PING\r\n")

    knocking = [pool.submit(knock) for _ in range(2)]
    try:
        for _ in range(100):
            pool.submit(w.tap.refuses).result(5)
            w.tap.heals()
    finally:
        done.set()
    assert [each.result(5) for each in knocking] == [None, None]


def test_a_blocked_read_is_lost_with_its_connection(w: World, pool: ThreadPoolExecutor) -> None:
    """The notes say of a command without an answer that it is lost."""
    with w.client() as client:
        popping = pool.submit(client.blpop, ["list"], timeout=5)
        w.one("BLPOP", "waiting")
        w.tap.refuses()

        assert isinstance(popping.exception(5), redis.ConnectionError)
    assert w.one("BLPOP", "lost").status == "lost"


def test_a_silent_command_fails_silently(w: World) -> None:
    """Where no reply is wanted our error is not sent either."""
    fault = w.tap.fail("SET")
    with w.raw() as sock:
        sock.sendall(b"CLIENT REPLY SKIP\r\nSET a 1\r\nPING\r\n")

        assert (heard(sock, b"+PONG\r\n"), fault.met) == (b"+PONG\r\n", 1)


def test_a_large_command_is_swallowed_whole(w: World) -> None:
    """A failed command of any size leaves nothing of it behind."""
    w.tap.fail("SET")
    with w.client() as client:
        with pytest.raises(redis.exceptions.BusyLoadingError):
            client.set("a", "x" * 1_000_000)

        assert client.get("a") is None


def test_a_large_answer_is_held(w: World, pool: ThreadPoolExecutor) -> None:
    """An answer larger than what a tap keeps is held by what is there of it."""
    with w.client(decode_responses=False) as client:
        client.set("a", b"x" * 40_000_000)
        held = w.tap.hold("GET", after=True)
        getting = pool.submit(client.get, "a")
        assert (held.wait(within=5), getting.done()) == (True, False)
        held.release()

        assert getting.result(10) == b"x" * 40_000_000
