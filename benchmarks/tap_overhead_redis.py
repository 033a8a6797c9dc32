"""What a Redis tap adds to a command: the same command to the same server, with and without it between."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from urllib.parse import urlsplit

import redis
from table import Row, row

from checker.backing import open_redis
from checker.evidence import Loop, RedisTap
from checker.ledger import Ledger

__all__ = ["rows"]

COMMANDS = 1_000
"""Each way, in each round."""
MS = 1000.0
TARGET = 0.2
"""Milliseconds that a tap may add."""


def rows(rounds: int) -> list[Row]:
    """Measure: one SET, and one XADD, past the tap and through it, in turns."""
    with open_redis("embedded") as server, Loop() as loop:
        at = urlsplit(server.url)
        with RedisTap(loop, Ledger(), "bench", "redis", (str(at.hostname), int(at.port or 0))) as tap:
            urls = {"direct": server.url, "tapped": tap.url_for(server.url)}
            return [*_rows("SET", _sets, urls, rounds), *_rows("XADD", _adds, urls, rounds)]


def _rows(name: str, act: Callable[[redis.Redis], object], urls: dict[str, str], rounds: int) -> list[Row]:
    costs = _in_turns(act, urls, rounds * COMMANDS)
    direct = row(f"{name} by redis-py, directly", costs["direct"], "ms")
    tapped = row(f"{name} by redis-py, through the Redis tap", costs["tapped"], "ms", peer=direct)
    added = row(f"what the Redis tap adds to {name}", costs["tapped"] - costs["direct"], "ms", target=TARGET)
    return [tapped, direct, added]


def _in_turns(act: Callable[[redis.Redis], object], urls: dict[str, str], times: int) -> dict[str, float]:
    clients = {name: redis.Redis.from_url(url) for name, url in urls.items()}
    seen: dict[str, list[float]] = {name: [] for name in urls}
    for _ in range(times):
        for name, client in clients.items():
            began = time.perf_counter()
            act(client)
            seen[name].append((time.perf_counter() - began) * MS)
    for client in clients.values():
        client.close()
    return {name: median(costs[len(costs) // 10 :]) for name, costs in seen.items()}  # the first tenth warms up


def _sets(client: redis.Redis) -> object:
    return client.set("order", "pending")


def _adds(client: redis.Redis) -> object:
    return client.xadd("orders", {"type": "OrderPlaced", "id": "7"}, maxlen=1000)
