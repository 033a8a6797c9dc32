"""Where one command and one reply are not all: transactions, subscriptions, blocking reads, and replies nobody wants."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis_world import heard, world

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


@both
def test_pipelined_commands_get_their_own_answers(w: World, protocol: int) -> None:
    """A thousand commands in one piece are a thousand notes, each with its own reply."""
    with w.client(protocol=protocol) as client, client.pipeline(transaction=False) as pipe:
        for n in range(1000):
            pipe.set(f"k{n}", n).get(f"k{n}")
        replies = pipe.execute()

    assert replies[1::2] == [str(n) for n in range(1000)]
    assert [c.reply for c in w.tap.commands("GET")] == replies[1::2]


@both
def test_a_transaction_s_commands_have_its_outcomes(w: World, protocol: int) -> None:
    """What EXEC answers is told of each command in it, errors too."""
    with w.client(protocol=protocol) as client, client.pipeline() as pipe:
        pipe.set("a", "x").incr("a").lrange("none", 0, -1).hset("h", "f", "1")
        with pytest.raises(redis.ResponseError):
            pipe.execute()

    inside = [c for c in w.tap.commands() if c.in_multi]
    assert [(c.name, c.status) for c in inside] == [
        ("SET", "answered"),
        ("INCRBY", "error"),
        ("LRANGE", "answered"),
        ("HSET", "answered"),
    ]
    assert ([c.reply for c in inside][2:], w.one("EXEC").reply) == (["[]", "1"], "4 replies")


def test_a_transaction_that_was_not_executed(w: World) -> None:
    """A watched key that changed, a DISCARD, an error in the queue: the commands are discarded, and it is said why."""
    with w.client() as client, w.client() as other, client.pipeline() as pipe:
        pipe.watch("a")
        other.set("a", "theirs")
        pipe.multi()
        pipe.append("a", "ours")
        with pytest.raises(redis.WatchError):
            pipe.execute()
    with w.raw() as sock:
        sock.sendall(b"MULTI\r\nGETDEL a\r\nDISCARD\r\nMULTI\r\nSTRLEN a\r\nNONSENSE\r\nEXEC\r\n")
        until(lambda: w.one("STRLEN").seconds, within=5)

    assert (w.one("APPEND").status, w.one("APPEND").reply) == ("discarded", "a watched key had changed")
    assert (w.one("GETDEL").reply, w.one("STRLEN").reply[:9]) == ("DISCARD", "EXECABORT")


def test_a_blocking_read_waits_in_the_notes(w: World) -> None:
    """Until somebody pushes, BLPOP is "waiting"; then it has its answer."""
    with w.client() as client, w.client() as other:
        popped: list[Any] = []
        thread = threading.Thread(target=lambda: popped.append(client.blpop(["list"], timeout=5)))
        thread.start()
        before = w.one("BLPOP", "waiting").status
        other.rpush("list", "x")
        thread.join()

    assert (before, w.one("BLPOP").reply) == ("waiting", "[list, x]")
    assert popped[0] in (("list", "x"), ["list", "x"])


@both
def test_a_group_reads_and_acknowledges(w: World, protocol: int) -> None:
    """The streams that XREADGROUP and its like name are found wherever they stand."""
    with w.client(protocol=protocol) as client:
        client.xgroup_create("orders", "users", mkstream=True)
        client.xadd("orders", {"id": 1}, id="1-1")
        read = client.xreadgroup("users", "one", {"orders": ">"}, count=5, block=100)
        client.xack("orders", "users", "1-1")
        none = client.xreadgroup("users", "one", {"orders": ">"}, block=1)
        client.xautoclaim("orders", "users", "two", 0)

    assert ("1-1" in str(read), none in ([], {}, None)) == (True, True)
    assert {c.name for c in w.tap.commands(key="orders")} == {
        "XGROUP CREATE",
        "XADD",
        "XREADGROUP",
        "XACK",
        "XAUTOCLAIM",
    }
    assert "[orders, [[1-1, [id, 1]]]]" in w.tap.commands("XREADGROUP")[0].reply


@both
def test_what_is_published_answers_nobody(w: World, protocol: int) -> None:
    """Messages come between replies, and each command still has its own."""
    with w.client(protocol=protocol) as client, client.pubsub() as sub:
        sub.subscribe("a", "b")
        sub.psubscribe("c*")
        assert until(lambda: client.pubsub_numpat() == 1, within=5)
        for channel in ("a", "b", "c1"):
            client.publish(channel, "hello")
        sub.unsubscribe()
        heard = [sub.get_message(timeout=2)["data"] for _ in range(8)]

    assert heard == [1, 2, 3, "hello", "hello", "hello", 2, 1]
    replies = [w.one(name).reply for name in ("SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE")]
    assert [reply[-2:] for reply in replies] == ["2]", "3]", "1]"]


def test_a_monitor_s_lines_answer_nobody(w: World) -> None:
    """What MONITOR tells is passed, and a command behind it is still paired."""
    with w.raw() as sock, w.client() as client:
        sock.sendall(b"MONITOR\r\n")
        w.one("MONITOR", "answered")
        client.set("a", "1")
        assert b"+OK\r\n+" in heard(sock, b'"SET" "a" "1"\r\n')
        sock.sendall(b"RESET\r\nPING\r\n")
        heard(sock, b"-NOAUTH Authentication required.\r\n")

    assert [w.one(n).reply[:6] for n in ("MONITOR", "RESET", "PING")] == ["OK", "RESET", "NOAUTH"]


def test_replies_that_are_not_wanted_are_not_waited_for(w: World) -> None:
    """After CLIENT REPLY OFF and SKIP no reply comes, and the next that does is the right one's."""
    with w.raw() as sock:
        sock.sendall(
            b"CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\nCLIENT REPLY OFF\r\nSET a 2\r\nCLIENT REPLY ON\r\nSTRLEN a\r\n"
        )
        assert heard(sock, b":1\r\n") == b"$1\r\n1\r\n+OK\r\n:1\r\n"

    assert [c.status for c in w.tap.commands("SET")] == ["silent", "silent"]
    assert [w.one(n).reply for n in ("GET", "STRLEN")] == ["1", "1"]


@pytest.mark.parametrize(("hello", "sign"), [(b"HELLO 3\r\n", b">3"), (b"HELLO 3\r\nHELLO 2\r\n", b"*3")])
def test_hello_changes_the_protocol(w: World, hello: bytes, sign: bytes) -> None:
    """After HELLO 3 what is published is a push, after HELLO 2 an array again, and both answer nobody."""
    with w.raw() as sock, w.client() as other:
        sock.sendall(hello + b"SUBSCRIBE a\r\n")
        w.one("SUBSCRIBE", "answered")
        other.publish("a", "x")
        sock.sendall(b"UNSUBSCRIBE\r\nPING\r\n")

        assert sign + b"\r\n$7\r\nmessage\r\n" in heard(sock, b"+PONG\r\n")
    assert [w.one(name).reply for name in ("UNSUBSCRIBE", "PING")] == ["[unsubscribe, a, 0]", "PONG"]
