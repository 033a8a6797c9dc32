"""Any bytes, however they are cut, pass a PostgreSQL tap unchanged, and its notes do not depend on the cuts."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it brings no types
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from wire_world import (
    Recorder,
    Recording,
    Said,
    Spoilt,
    Talk,
    cuts,
    in_pieces,
    said,
    say,
    spoils,
    spoilt,
    through,
    went_through,
)

from checker.backing import Database, open_postgres
from checker.evidence import Loop, PostgresTap
from checker.evidence.taps.postgres_relay import PostgresLink
from checker.evidence.taps.postgres_tables import touched
from checker.evidence.taps.postgres_text import statements
from checker.evidence.taps.postgres_wire import ANSWERS, REQUESTS, Splitter, message
from checker.ledger import Ledger
from checker.wait import until

HARD = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
PLAIN = {"sslmode": "disable", "gssencmode": "disable"}


def login(talk: Talk) -> Talk:
    """Return what is said until the server is ready for the first time."""
    ready = next(n for n, (by, data) in enumerate(talk) if by == "server" and data.endswith(b"Z\0\0\0\5I"))
    return talk[: ready + 1]


# A wire without sockets


class Wire:
    """A link without sockets: what a client and a server say to it, and what each of them hears."""

    def __init__(self, tap: PostgresTap) -> None:
        self.tap, self.seen, self.opaque = tap, len(tap.statements), tap.opaque
        self.link = PostgresLink(tap, 1, lambda: None, lambda: None)
        self.client, self.server = Recorder(), Recorder()
        self.link.front.transport, self.link.back.transport = self.client, self.server

    def play(self, talk: Talk, cuts: Sequence[int]) -> None:
        """Say it all, each piece in smaller ones, to the end of both."""
        for by, data in talk:
            in_pieces(data, cuts, self.link.heard if by == "client" else self.link.answered)
        self.link.ended(self.link.front)
        self.link.ended(self.link.back)

    @property
    def passed(self) -> tuple[bytes, bytes]:
        """What has reached the server, and what the client."""
        return self.server.sent.removesuffix(b"(the end)"), self.client.sent.removesuffix(b"(the end)")

    @property
    def notes(self) -> list[tuple[str, ...]]:
        found = self.tap.statements[self.seen :]
        return [(each.text, each.outcome, each.tag, each.sqlstate, each.transaction) for each in found]


# Real talks, as they are recorded before a real server


def simple(url: str) -> None:
    with psycopg.connect(url, autocommit=True, **PLAIN) as connection:
        connection.execute("SELECT id, total, note FROM orders")
        connection.pgconn.exec_(b"BEGIN; INSERT INTO orders (total) VALUES (1); COMMIT; SELECT 'a;b', 2")
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT * FROM nothing")


def prepared(url: str) -> None:
    with psycopg.connect(url, prepare_threshold=0, **PLAIN) as connection:
        for number in range(3):
            connection.execute("SELECT id, total, note FROM orders WHERE id > %s", [number], binary=True)
        connection.execute("UPDATE orders SET note = %s", ["changed"])
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT 1 / %s", [0])


def pipelined(url: str) -> None:
    with (
        psycopg.connect(url, autocommit=True, **PLAIN) as connection,
        contextlib.suppress(psycopg.Error),
        connection.pipeline(),
    ):
        for number in (1, 0, 2):
            connection.execute("SELECT 10 / %s::int", [number])


def copied(url: str) -> None:
    with psycopg.connect(url, autocommit=True, **PLAIN) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY orders (total, note) FROM STDIN") as copy:
            for number in range(20):
                copy.write_row((number, "x" * number))
        with cursor.copy("COPY orders TO STDOUT") as copy:
            list(copy)
        with contextlib.suppress(psycopg.Error), cursor.copy("COPY orders (total) FROM STDIN") as copy:
            copy.write(b"many\n")


def by_asyncpg(url: str) -> None:
    async def asked() -> None:
        connection = await asyncpg.connect(url, ssl=False)
        async with connection.transaction():
            cursor = await connection.cursor("SELECT id, note FROM orders")
            await cursor.fetch(2)
            await cursor.fetch(2)
        await connection.copy_records_to_table("orders", records=[(1,), (2,)], columns=["total"])
        await connection.close()

    asyncio.run(asked())


CLIENTS: list[Callable[[str], None]] = [simple, prepared, pipelined, copied, by_asyncpg]


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    with Loop() as loop:
        yield loop


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with open_postgres() as postgres:
        database = postgres.database("orders")
        with psycopg.connect(database.url) as connection:
            connection.execute("CREATE TABLE orders (id serial PRIMARY KEY, total int, note text)")
            connection.execute("INSERT INTO orders (total, note) VALUES (10, 'ten'), (20, 'twenty')")
        yield database


@pytest.fixture(scope="module")
def recording(loop: Loop, database: Database) -> Iterator[Recording]:
    parts = urlsplit(database.url)
    with Recording(loop, Ledger(), "client", "database", (parts.hostname or "", parts.port or 0)) as recording:
        yield recording


@pytest.fixture(scope="module")
def talks(recording: Recording, database: Database) -> list[Talk]:
    """One talk of each client."""
    found = []
    for client in CLIENTS:
        client(through(recording, database.url))
        assert until(lambda: recording.open_now == 0, within=5)
        found.append([each for each in recording.talks[-1] if each.data])
    return found


@pytest.fixture(scope="module")
def tap(loop: Loop) -> Iterator[PostgresTap]:
    """A tap whose links have no sockets."""
    with PostgresTap(loop, Ledger(), "client", "database", ("127.0.0.1", 1)) as tap:
        yield tap
        assert tap.error is None


@pytest.fixture(scope="module")
def planted(loop: Loop) -> Iterator[PostgresTap]:
    """The same, with every bug planted; it is told that any column of any table is the one."""

    def names(tables: list[int]) -> dict[tuple[int, int], tuple[str, str]]:
        return {(table, column): ("orders", "note") for table in tables for column in range(1, 9)}

    with PostgresTap(loop, Ledger(), "client", "database", ("127.0.0.1", 1), names=names) as tap:
        tap.loses_writes("orders")
        tap.alters("orders", "note")
        tap.leaves_out_a_row("orders")
        yield tap


def one_value(value: bytes) -> bytes:
    """Return the body of a row that holds it."""
    return struct.pack("!hi", 1, len(value)) + value


whose = st.integers(0, len(CLIENTS) - 1)
trouble = spoils(
    *(b"\0\0\0\0", b"\0\0\0\3", b"\0\0\0\4", b"\0\0\1\0", b"\0\1\0\1", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"),
    *(b"Z\0\0\0\5I", b"C\0\0\0\4", b"S\0\0\0\4"),
)


@HARD
@given(which=whose, cuts=cuts, ahead=st.booleans())
def test_cuts_change_nothing(tap: PostgresTap, talks: list[Talk], which: int, cuts: list[int], ahead: bool) -> None:
    """A real talk passes byte by byte, or by a client that does not wait for answers, and gives the same notes."""
    whole, cut = Wire(tap), Wire(tap)
    whole.play(talks[which], [1_000_000])
    expected = whole.notes
    cut.seen = len(tap.statements)
    cut.play(sorted(talks[which], key=lambda each: each.by) if ahead else talks[which], cuts)

    assert (cut.notes, cut.link.opaque) == (expected, False)
    assert cut.passed == (said(talks[which], "client"), said(talks[which], "server"))


@HARD
@given(which=whose, spoils=trouble, end=st.floats(0, 1) | st.just(1.0), cuts=cuts)
def test_spoilt_talk_passes_unchanged(
    tap: PostgresTap, talks: list[Talk], which: int, spoils: list[Spoilt], end: float, cuts: list[int]
) -> None:
    """What has become of a real talk arrives as it was sent, understood or not, the half of a message too."""
    talk, wire = spoilt(talks[which], spoils, end), Wire(tap)
    wire.play(talk, cuts)

    assert wire.passed == (said(talk, "client"), said(talk, "server"))
    assert tap.opaque - wire.opaque == wire.link.opaque


@HARD
@given(there=st.binary(max_size=200), back=st.binary(max_size=200), cuts=cuts)
@example(there=b"\x16\x03\x01", back=b"", cuts=[1])
def test_any_bytes_pass_unchanged(tap: PostgresTap, there: bytes, back: bytes, cuts: list[int]) -> None:
    """Whatever either side sends arrives."""
    wire = Wire(tap)
    wire.play([Said("client", there), Said("server", back)], cuts)

    assert wire.passed == (there, back)


@HARD
@given(which=whose, spoils=trouble, cuts=cuts)
def test_planted_bugs_survive_what_is_spoilt(
    planted: PostgresTap, talks: list[Talk], which: int, spoils: list[Spoilt], cuts: list[int]
) -> None:
    """Where answers are changed, those that are none break nothing: what goes to the server goes on to its end."""
    talk, wire = spoilt(talks[which], spoils), Wire(planted)
    wire.play(talk, cuts)

    assert wire.client.sent.endswith(b"(the end)")


@HARD
@given(
    bodies=st.lists(st.binary(max_size=20) | st.binary(max_size=9).map(one_value), max_size=4),
    type_=st.sampled_from([16, 20, 21, 23, 25, 26, 700, 701, 1700, 2950]),
    how=st.integers(0, 1),
    cuts=cuts,
)
def test_row_that_is_none_breaks_nothing(
    planted: PostgresTap, talks: list[Talk], bodies: list[bytes], type_: int, how: int, cuts: list[int]
) -> None:
    """Rows of whatever is in them, of any type, are changed or passed on as they are."""
    described = struct.pack("!h", 1) + b"x\0" + struct.pack("!IhIhih", 1, 1, type_, -1, -1, how)
    answers = [message(b"T", described), *(message(b"D", body) for body in bodies), message(b"Z", b"I")]
    wire = Wire(planted)
    query = Said("client", message(b"Q", b"SELECT x FROM orders\0"))
    wire.play([*login(talks[0]), query, Said("server", b"".join(answers))], cuts)

    assert wire.client.sent.endswith(b"(the end)")


@pytest.mark.parametrize("by", ["client", "server"])
@pytest.mark.parametrize("which", range(len(CLIENTS)), ids=[client.__name__ for client in CLIENTS])
def test_garbage_is_noted_and_lets_all_pass(tap: PostgresTap, talks: list[Talk], which: int, by: str) -> None:
    """Behind a byte that begins no message the connection is opaque, and nothing of either side stays behind."""
    wire = Wire(tap)
    for who, data in talks[which]:
        (wire.link.heard if who == "client" else wire.link.answered)(data)
    wire.link.heard(b"Q\0\0\0\x10half")
    wire.link.answered(b"N\0\0\0\x10half")
    (wire.link.heard if by == "client" else wire.link.answered)(b"..........\xff")

    assert tap.opaque - wire.opaque == 1
    there, back = wire.passed
    assert there.endswith(b"half" + b"..........\xff" * (by == "client"))
    assert back.endswith(b"half" + b"..........\xff" * (by == "server"))


@settings(HARD, max_examples=1_500)
@given(
    data=st.binary(max_size=300)
    | st.lists(
        st.builds(
            lambda kind, body: bytes([kind]) + (len(body) + 4).to_bytes(4, "big") + body,
            st.sampled_from(sorted(REQUESTS | ANSWERS)),
            st.binary(max_size=40),
        ),
        max_size=8,
    ).map(b"".join),
    cuts=cuts,
    server=st.booleans(),
    by_row=st.booleans(),
    most=st.sampled_from([16, 65_536]),
)
def test_splitter_hands_out_what_it_took(data: bytes, cuts: list[int], server: bool, by_row: bool, most: int) -> None:
    """The pieces and the rest are the bytes that came, each once and in order."""
    splitter = Splitter(ANSWERS if server else REQUESTS, starting=not server)
    splitter.by_row, splitter.most = by_row, most
    found = []

    def take(piece: bytes) -> None:
        splitter.add(piece)
        found.extend(each.raw for each in iter(splitter.next, None))

    in_pieces(data, cuts, take)

    assert b"".join(found) + splitter.rest() == data


words = st.sampled_from(
    ["SELECT", "INSERT INTO", "orders", "FROM", "WITH", "x AS (", ")", "COPY", "STDIN", ";", "/*", "*/", "--", "\n", "'",
     '"', "$$", "$a$", "E'", "\\", "(", ",", "VALUES", "LOCK", "EXPLAIN", "DECLARE", "CURSOR FOR", ".", "=", "1", "::int",
     "CREATE TABLE", "DROP", "ALTER", "MERGE", "TRUNCATE", "SET", "é", "\0"]
)  # fmt: skip


@settings(HARD, max_examples=400)
@given(sql=st.lists(words, max_size=14).map(" ".join) | st.text(max_size=60))
@example(sql="/*" * 200 + "*/" * 100 + ";")
@example(sql="copy " + '"' * 201 + " from")
def test_any_text_is_read_as_some_statements(sql: str) -> None:
    """Whatever a Query holds: its statements stand in it, one behind the other, and what each touches can be asked."""
    found = statements(sql)
    read = [touched(sql[a:b]) for a, b in found]

    assert list(itertools.chain(*found)) == sorted({at for each in found for at in each})
    assert not any(each.tables for each in read if each.opaque)


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("SELECT 1; SELECT 2;", ["SELECT 1", " SELECT 2"]),
        ("SELECT /* ; /* ; */ ; */ 1; SELECT 2", ["SELECT /* ; /* ; */ ; */ 1", " SELECT 2"]),
        ("SELECT 1; SELECT 2 /* ; /* */", ["SELECT 1", " SELECT 2 /* ; /* */"]),
        (
            "SELECT ';' || \";\"; SELECT E'\\';'; SELECT $a$;$$;$a$",
            ["SELECT ';' || \";\"", " SELECT E'\\';'", " SELECT $a$;$$;$a$"],
        ),
        ("-- ;\n; /* nothing */ ;", []),
    ],
)
def test_semicolons_end_statements(sql: str, parts: list[str]) -> None:
    """Those that stand in comments, texts and names do not."""
    assert [sql[a:b] for a, b in statements(sql)] == parts


def test_real_server_hears_and_says_what_it_would_without(
    loop: Loop, recording: Recording, database: Database, talks: list[Talk]
) -> None:
    """Over sockets: a client turns to nonsense after its login, and both sides of the tap carry the same bytes."""
    with (
        PostgresTap(loop, Ledger(), "client", "database", ("127.0.0.1", recording.port)) as tap,
        Recording(loop, Ledger(), "client", "tap", ("127.0.0.1", tap.port)) as before,
    ):
        url = through(before, database.url)

        @settings(HARD, max_examples=100)
        @given(which=whose, spoils=trouble, cuts=cuts, tail=st.binary(max_size=20))
        def talk(which: int, spoils: list[Spoilt], cuts: list[int], tail: bytes) -> None:
            behind = talks[which][len(login(talks[which])) :]
            asked = said(spoilt(behind, spoils), "client").removesuffix(message(b"X")) + tail
            with (
                psycopg.connect(url, **PLAIN) as connection,
                socket.socket(fileno=os.dup(connection.fileno())) as sock,
            ):
                say(sock, asked, cuts)
                connection.close()
            assert until(lambda: before.open_now == tap.open_now == recording.open_now == 0, within=5)
            to_the_end.append(went_through(before.talks[-1], recording.talks[-1]))

        to_the_end: list[bool] = []
        talk()
        assert tap.error is None
        assert sum(to_the_end) > tap.connections / 2
        assert 0 < tap.opaque < tap.connections
