"""Any bytes, however they are cut, pass a Redis tap unchanged; what is RESP is read the same way however it is cut."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from evidence_world import Server, server, talk_raw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire_world import Recorder, Recording, Said, Spoilt, cuts, said, say, spoils, spoilt, went_through

from checker.backing import open_redis
from checker.evidence import Loop, RedisTap
from checker.evidence.taps.redis_commands import keys_of
from checker.evidence.taps.redis_link import RedisLink
from checker.evidence.taps.redis_reply import Reply
from checker.evidence.taps.redis_wire import Asking, NotRespError
from checker.ledger import Ledger
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

HARD = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)

Meant = tuple[bytes, Any]
"""A value on the wire, and as it is kept."""


class Wire:
    """A link without sockets: what a client and a server say to it, and what each of them hears."""

    def __init__(self, tap: RedisTap) -> None:
        tap.mark()
        self.tap = tap
        self.link = RedisLink(tap, 1)
        self.client, self.server = Recorder(), Recorder()
        self.link.front.transport, self.link.back.transport = self.client, self.server

    @property
    def notes(self) -> list[tuple[str, ...]]:
        return [(c.name, *c.arguments, *c.keys, c.status, c.reply) for c in self.tap.commands()]


@pytest.fixture(scope="module")
def tap() -> Iterator[RedisTap]:
    with Loop() as loop, RedisTap(loop, Ledger(), "orders", "redis", ("127.0.0.1", 1)) as built:
        yield built
        assert built.error is None


def word(text: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(text), text)


def command(*words: bytes) -> bytes:
    return b"*%d\r\n%s" % (len(words), b"".join(map(word, words)))


def pieces(data: bytes, size: int) -> list[bytes]:
    """Cut data into pieces of a size."""
    return [data[start : start + size] for start in range(0, len(data), size)]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8)
tricky = st.sampled_from([b"\r\n", b"$3\r\nfoo\r\n", b"*", b"message", b"-ERR no\r\n", b"x" * 500]) | st.binary(
    max_size=12
)
commands = st.lists(tricky, min_size=1, max_size=6).map(lambda words: command(b"X", *words)) | st.sampled_from(
    [b"PING\r\n", b'SET a "b c"\r\n', b"GET a\n", command(b"XREAD", b"STREAMS", b"a", b"0")]
)

plain: st.SearchStrategy[Meant] = st.one_of(
    texts.map(lambda text: (b"+%s\r\n" % text.encode(), text)),
    texts.map(lambda text: (b"-%s\r\n" % text.encode(), text)),
    texts.map(lambda text: (b"!%d\r\n%s\r\n" % (len(text.encode()), text.encode()), text)),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: (b":%d\r\n" % number, str(number))),
    st.integers(2**64, 2**70).map(lambda number: (b"(%d\r\n" % number, str(number))),
    st.sampled_from(
        [(b"_\r\n", None), (b"$-1\r\n", None), (b"*-1\r\n", None), (b"#t\r\n", "true"), (b",inf\r\n", "inf")]
    ),
    tricky.map(lambda text: (word(text), text[:200].decode("utf-8", "replace"))),
    texts.map(lambda text: (b"=%d\r\ntxt:%s\r\n" % (len(text.encode()) + 4, text.encode()), text)),
)


def several(inner: st.SearchStrategy[Meant]) -> st.SearchStrategy[Meant]:
    """Draw arrays, sets and maps of such values."""
    many = st.lists(inner, max_size=4)
    flat = st.tuples(st.sampled_from(b"*~"), many).map(
        lambda it: (b"%c%d\r\n%s" % (it[0], len(it[1]), b"".join(w for w, _ in it[1])), [v for _, v in it[1]])
    )
    pairs = st.lists(st.tuples(inner, inner), max_size=2).map(
        lambda it: (
            b"%%%d\r\n%s" % (len(it), b"".join(wire for pair in it for wire, _ in pair)),
            [value for pair in it for _, value in pair],
        )
    )
    described = st.tuples(inner, inner).map(lambda it: (b"|1\r\n+about\r\n" + it[0][0] + it[1][0], it[1][1]))
    return flat | pairs | described


trouble = spoils(b"\r\n", b"*", b"$", b"$-1\r\n", b"*3\r\n", b"$100\r\n", b"*99999999999999999999\r\n")
replies = st.recursive(plain, several, max_leaves=8)


@HARD
@given(reply=replies, rest=st.binary(max_size=20), cut=st.integers(1, 60))
def test_a_reply_is_read_as_it_was_meant(reply: Meant, rest: bytes, cut: int) -> None:
    """Every type of RESP2 and RESP3, in one another, ends where it ends and means what it means."""
    ours, taken = Reply(), 0
    for piece in pieces(reply[0] + rest, cut):
        taken += 0 if ours.complete else ours.feed(piece)

    assert (ours.complete, taken, ours.value) == (True, len(reply[0]), reply[1])


@HARD
@given(there=st.binary(max_size=200), back=st.binary(max_size=200), cut=st.integers(1, 60))
def test_any_bytes_pass_unchanged(tap: RedisTap, there: bytes, back: bytes, cut: int) -> None:
    """Whatever either side sends arrives, the half of a message at the end too; nothing breaks."""
    wire = Wire(tap)
    for piece in pieces(there, cut):
        wire.link.heard(piece)
    for piece in pieces(back, cut):
        wire.link.answered(piece)
    wire.link.ended(wire.link.front)

    assert (wire.server.sent, wire.client.sent) == (there + b"(the end)", back)


@HARD
@given(
    there=st.lists(commands, max_size=5),
    garbage=st.binary(max_size=60),
    back=st.lists(replies, max_size=5),
    cut=st.integers(1, 60),
)
def test_garbage_behind_resp_passes_unchanged(
    tap: RedisTap, there: list[bytes], garbage: bytes, back: list[Meant], cut: int
) -> None:
    """What begins as a dialogue and goes on as something else arrives as well."""
    wire, asked, answered = Wire(tap), b"".join(there) + garbage, b"".join(reply for reply, _ in back) + garbage
    for ask, answer in zip(pieces(asked + b" " * len(answered), cut), pieces(answered, cut), strict=False):
        wire.link.heard(ask)
        wire.link.answered(answer)

    assert wire.client.sent == answered
    wire.link.ended(wire.link.front)
    assert (asked + b" " * len(answered)).startswith(wire.server.sent.removesuffix(b"(the end)"))


@HARD
@given(dialogue=st.lists(st.tuples(commands, replies), max_size=6), cut=st.integers(1, 60))
def test_cuts_change_no_note(tap: RedisTap, dialogue: list[tuple[bytes, Meant]], cut: int) -> None:
    """A pipeline and its replies give the same notes in one piece and in many."""
    there, back = b"".join(ask for ask, _ in dialogue), b"".join(reply for _, (reply, _) in dialogue)
    whole = Wire(tap)
    whole.link.heard(there)
    whole.link.answered(back)
    expected = whole.notes
    cutting = Wire(tap)
    for piece in pieces(there, cut):
        cutting.link.heard(piece)
    for piece in pieces(back, cut):
        cutting.link.answered(piece)

    assert cutting.notes == expected
    assert len(expected) == len(dialogue)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (b"PING\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (b"PING\r\n", b"+PONG\r\n+PONG\r\n"),
        (b"PING\r\n", b"*1\r\n" * 300),
        (b"PING\r\nPING\r\n", b"$3\r\nfourr+PONG\r\n"),
        (b"*1\r\n:4\r\n", b""),
        (b"*x\r\n", b""),
        (b"*1\r\n$-1\r\n", b""),
        (b"PSYNC ? -1\r\n", b"+FULLRESYNC x 0\r\n$5\r\nhello*1\r\n"),
        (b"MULTI\r\nSUBSCRIBE a b\r\n", b"+OK\r\n+QUEUED\r\n"),
        (b"x" * 70_000, b""),
    ],
)
def test_what_cannot_be_read_is_noted_as_opaque(tap: RedisTap, asked: bytes, answered: bytes) -> None:
    """It passes, what follows passes, and the notes say from where on nothing is known."""
    wire = Wire(tap)
    wire.link.heard(asked)
    wire.link.answered(answered)
    wire.link.heard(b"PING\r\n")

    assert (wire.server.sent, wire.client.sent) == (asked + b"PING\r\n", answered)
    assert [c.status for c in tap.commands("(opaque)")] == ["opaque"]


def test_half_a_command_passes_when_its_client_ends() -> None:
    """Over real sockets: what came before the end arrives before the end, and so does the reply to it."""

    def talk(running: Server, sock: socket.socket) -> None:
        while running.read(sock):
            pass
        sock.sendall(b"-ERR that was half a command\r\n")

    with (
        server(talk) as running,
        Loop() as loop,
        RedisTap(loop, Ledger(), "orders", "redis", ("127.0.0.1", running.port)) as tap,
        socket.create_connection(("127.0.0.1", tap.port), timeout=5) as sock,
    ):
        sock.sendall(b"PING\r\n*2\r\n$3\r\nGE")
        sock.shutdown(socket.SHUT_WR)

        assert sock.recv(100) == b"-ERR that was half a command\r\n"
        assert bytes(running.heard) == b"PING\r\n*2\r\n$3\r\nGE"


def test_real_server_hears_and_says_what_it_would_without() -> None:
    """Over sockets: commands that were spoilt, and nonsense behind them, are the same bytes on both sides of the tap."""
    with open_redis("embedded") as running, Loop() as loop:
        at = urlsplit(running.url)
        with (
            Recording(loop, Ledger(), "tap", "redis", (str(at.hostname), at.port or 0)) as behind,
            RedisTap(loop, Ledger(), "orders", "redis", ("127.0.0.1", behind.port)) as tap,
            Recording(loop, Ledger(), "orders", "tap", ("127.0.0.1", tap.port)) as before,
        ):

            @settings(HARD, max_examples=100)
            @given(
                there=st.lists(commands, min_size=1, max_size=5), spoils=trouble, tail=st.binary(max_size=20), cuts=cuts
            )
            def talk(there: list[bytes], spoils: list[Spoilt], tail: bytes, cuts: list[int]) -> None:
                asked = said(spoilt([Said("client", each) for each in there], spoils), "client") + tail
                with socket.create_connection(("127.0.0.1", before.port), timeout=5) as sock:
                    sock.sendall(b"AUTH %s\r\n" % (at.password or "").encode())
                    assert sock.recv(100) == b"+OK\r\n"
                    say(sock, asked, cuts)
                assert until(lambda: before.open_now == tap.open_now == behind.open_now == 0, within=5)
                to_the_end.append(went_through(before.talks[-1], behind.talks[-1]))

            to_the_end: list[bool] = []
            talk()
            assert tap.error is None
            assert sum(to_the_end) > tap.connections / 2
            assert 0 < len(tap.commands("(opaque)")) < tap.connections


def test_a_server_that_is_not_there(tap: RedisTap) -> None:
    """The client's connection is reset, and nothing is noted."""
    tap.mark()
    with pytest.raises(ConnectionError):
        talk_raw(tap.port, b"PING\r\n")

    assert until(lambda: tap.open_now == 0, within=5)
    assert tap.commands() == []


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ("XREADGROUP GROUP g c COUNT 5 BLOCK 10 STREAMS a b > >", "a b"),
        ("XREAD BLOCK 0 STREAMS streams 0", "streams"),
        ("XGROUP CREATE orders users $ MKSTREAM", "orders"),
        ("XINFO STREAM orders FULL", "orders"),
        ("MSET a 1 b 2", "a b"),
        ("DEL a b c", "a b c"),
        ("BLPOP a b 0", "a b"),
        ("BLMOVE a b LEFT RIGHT 0", "a b"),
        ("EVAL script 2 a b arg", "a b"),
        ("ZUNIONSTORE to 2 a b WEIGHTS 1 2", "to a b"),
        ("EVAL script many a b", ""),
        ("EVAL", ""),
        ("PING", ""),
        ("XREAD COUNT 2", ""),
        ("NEWCOMMAND a b", "a"),
    ],
)
def test_the_keys_of_a_command_are_found(asked: str, keys: str) -> None:
    """Wherever they stand; what is not known is taken to name its key first."""
    words = asked.split()

    assert keys_of(words, len(words)) == tuple(keys.split())


def test_a_line_of_any_length_is_not_kept() -> None:
    """A status line of megabytes, as MONITOR sends them, is read with a part of it in memory."""
    reply = Reply()
    for _ in range(100):
        reply.feed(b"+" + b"x" * 50_000)

    assert (reply.feed(b"\r\n"), reply.complete, len(str(reply.value))) == (2, True, 300)


def test_of_many_words_the_first_are_kept() -> None:
    """A command of a hundred thousand words is read with a few of them in memory."""
    asking, words = Asking(), [b"%d" % number for number in range(100_000)]
    asking.feed(command(*words))

    assert (asking.complete, asking.count, asking.words == words[: len(asking.words)]) == (True, 100_000, True)
    assert len(asking.words) < 100


def test_a_number_is_digits() -> None:
    """What Python takes for a number and a server does not is none."""
    for number in (b"1_0", b"+1", b" 1", b"1" * 20, b""):
        with pytest.raises(NotRespError):
            Reply().feed(b"*%s\r\n" % number)
