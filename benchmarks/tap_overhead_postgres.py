"""What a PostgreSQL tap adds to a query: the same query to the same server, with and without it between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it brings no types
import psycopg
from table import Row, row

from checker.backing import open_postgres
from checker.evidence import Loop, PostgresTap
from checker.ledger import Ledger

__all__ = ["rows"]

QUERIES = 1_000
"""Each way, in each round."""
MS = 1000.0
TARGET = 0.2
"""Milliseconds that a tap may add."""
SQL = "SELECT id, total, note FROM orders WHERE id = 7"

Ask = Callable[[], object]


def rows(rounds: int) -> list[Row]:
    """Measure: one row by its id, past the tap and through it, in turns."""
    with open_postgres("embedded") as server, Loop() as loop:
        database = server.database("bench")
        with psycopg.connect(database.url) as connection:
            connection.execute("CREATE TABLE orders (id int PRIMARY KEY, total int, note text)")
            connection.execute("INSERT INTO orders SELECT n, n * 100, 'order ' || n FROM generate_series(1, 100) n")
        at = urlsplit(database.url)
        with PostgresTap(loop, Ledger(), "bench", "database", (str(at.hostname), int(at.port or 0))) as tap:
            urls = {"direct": database.url, "tapped": tap.url_for(database.url)}
            return [
                *_rows("a query by psycopg", _simple, urls, rounds),
                *_rows("a prepared query by psycopg", _prepared, urls, rounds),
                *_rows("a prepared query by asyncpg", _by_asyncpg, urls, rounds),
            ]


def _rows(name: str, client: Callable[[str, ExitStack], Ask], urls: dict[str, str], rounds: int) -> list[Row]:
    with ExitStack() as stack:
        costs = _in_turns({way: client(url, stack) for way, url in urls.items()}, rounds * QUERIES)
    direct = row(f"{name}, directly", costs["direct"], "ms")
    tapped = row(f"{name}, through the PostgreSQL tap", costs["tapped"], "ms", peer=direct)
    added = row(f"what the PostgreSQL tap adds to {name}", costs["tapped"] - costs["direct"], "ms", target=TARGET)
    return [tapped, direct, added]


def _in_turns(asks: dict[str, Ask], times: int) -> dict[str, float]:
    seen: dict[str, list[float]] = {way: [] for way in asks}
    for _ in range(times):
        for way, ask in asks.items():
            began = time.perf_counter()
            ask()
            seen[way].append((time.perf_counter() - began) * MS)
    return {way: median(costs[len(costs) // 10 :]) for way, costs in seen.items()}  # the first tenth warms up


def _simple(url: str, stack: ExitStack) -> Ask:
    connection = stack.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=None))
    return lambda: connection.execute(SQL).fetchall()


def _prepared(url: str, stack: ExitStack) -> Ask:
    connection = stack.enter_context(psycopg.connect(url, autocommit=True, prepare_threshold=0))
    return lambda: connection.execute(SQL, binary=True).fetchall()


def _by_asyncpg(url: str, stack: ExitStack) -> Ask:
    runner = stack.enter_context(asyncio.Runner())
    connection = runner.run(asyncpg.connect(url))
    stack.callback(lambda: runner.run(connection.close()))
    return lambda: runner.run(connection.fetch(SQL))
