"""Much, and large: nothing is lost, and little of it is kept."""

from __future__ import annotations

import shutil
import subprocess
import threading
import tracemalloc
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from redis_world import heard, world

from checker.backing import open_redis

if TYPE_CHECKING:
    import socket
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


def test_a_large_value_is_not_kept(w: World) -> None:
    """Fifty megabytes go there and back, and at no time is more of them in memory than some pieces."""
    piece, pieces = b"x" * 500_000, 100
    with w.raw() as sock:
        tracemalloc.start()
        sock.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$50000000\r\n")
        for _ in range(pieces):
            sock.sendall(piece)
        sock.sendall(b"\r\nGET big\r\n")
        received = counted(sock, 50_000_000 + len(b"+OK\r\n$50000000\r\n\r\n"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert (received, peak < 5_000_000) == (50_000_018, True)
    assert (w.one("SET").arguments, w.one("GET").reply) == (("big", "x" * 200), "x" * 200)


def test_many_values_are_not_kept(w: World) -> None:
    """Of a list of twenty thousand the first are kept, and that there were more."""
    with w.client() as client:
        client.rpush("list", *range(20_000))
        assert len(client.lrange("list", 0, -1)) == 20_000

    assert w.one("LRANGE").reply.endswith("30, 31, …]")
    assert (len(w.one("RPUSH").arguments), w.one("RPUSH").arguments[-1]) == (25, "…")


def test_more_commands_than_are_told_apart(w: World) -> None:
    """Thirty thousand that wait at once all pass; those past the cap are counted, and the next is paired again."""
    with w.raw() as sock:
        feeder = threading.Thread(
            target=sock.sendall, args=(b"BLPOP none 0.2\r\n" + b"INCR n\r\n" * 30_000 + b"STRLEN n\r\n",)
        )
        feeder.start()
        seen = heard(sock, b":30000\r\n:5\r\n")
        feeder.join()

    assert (seen.count(b"\r\n"), w.tap.by_name["INCR"]) == (30_002, 30_000)
    with w.client() as client:
        assert client.get("n") == "30000"


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("protocol", [[], ["-3"]], ids=["resp2", "resp3"])
def test_nothing_of_a_benchmark_is_lost(w: World, protocol: list[str]) -> None:
    """What redis-benchmark sends on twenty connections, sixteen at a time, is what the server says it did."""
    parts = urlsplit(w.through)
    program = shutil.which("redis-benchmark") or shutil.which("valkey-benchmark") or "redis-benchmark"
    where = ["-p", str(parts.port), "-a", str(parts.password), *protocol]
    load = ["-n", "2000", "-c", "20", "-P", "16", "-t", "set,get,incr,lpush,hset,lrange_100,mset", "-q"]
    with w.direct() as past:
        past.config_resetstat()
        subprocess.run([program, *where, *load], check=True, capture_output=True, timeout=50)
        done = past.info("commandstats")

    names = ("SET", "GET", "INCR", "LPUSH", "HSET", "LRANGE", "MSET")
    noted = {name: w.tap.by_name[name] for name in names}
    assert noted == {name: done[f"cmdstat_{name.lower()}"]["calls"] for name in names}
    assert (min(noted.values()) >= 2000, {c.status for c in w.tap.commands("MSET")}) == (True, {"answered"})


def counted(sock: socket.socket, wanted: int) -> int:
    """Read so many bytes and keep none of them; how many came."""
    received = 0
    while received < wanted and (data := sock.recv(65536)):
        received += len(data)
    return received
