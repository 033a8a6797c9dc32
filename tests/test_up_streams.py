"""The streams of the shop that is up, looked into by hand. On the tiny course, and a Valkey of its own."""

from __future__ import annotations

import inspect
import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from whole import Program, Said, owning, standing

from checker.course import Course, init
from checker.errors import Blocked, UsageError
from checker.notebook.html import streamed
from checker.report.ink import Ink
from checker.report.words import Voice
from checker.session.up_streams import look_at, streams_of
from checker.session.up_text import Words
from checker.wait import eventually

Typed = Callable[..., Said]

OWNERS = """
[labs.02]
broker = true

[labs.02.services.greeter]
database = "greeter"
processes = ["greeter"]
operations = ["POST /greetings/{name}"]
tables = []
calls = { counter = ["POST /counts/{name}"] }

[labs.02.services.counter]
database = "counter"
processes = ["counter", "counter-events"]
operations = ["POST /counts/{name}", "GET /counts/{name}"]
tables = []
"""


def event(number: int) -> str:
    """An event as the contract has it."""
    about = {"id": "0b9c", "source": "/orders", "subject": str(number), "time": "2026-03-02T08:15:00Z"}
    data = {"order_id": number, "user_id": 7, "total_cents": 3000}
    return json.dumps({"specversion": "1.0", "type": "OrderCreated", **about, "data": data})


def fill(broker: redis.Redis) -> None:
    """Add twelve orders, of which a consumer has taken two; one dead letter; and a key that is no stream."""
    broker.xgroup_create("orders.events", "users", id="0", mkstream=True)
    for number in range(1000, 1012):
        broker.xadd("orders.events", {"event": event(number)}, id=f"{1772439300000 + number}-0")
    broker.xreadgroup("users", "1/77", {"orders.events": ">"}, count=2)
    why = {"reason": "It is no \x1b]0;JSON\x07.", "group": "users", "entry": "1772439301000-0"}
    broker.xadd("orders.events.dead", {"event": "no JSON\x1b[31m\x9b1m\x7f", **why}, id="1772439309000-0")
    broker.set("plain", "1")


EVENTS = f"""
from __future__ import annotations
import json, os, signal, redis

{inspect.getsource(event)}
{inspect.getsource(fill)}
fill(redis.Redis.from_url(os.environ["REDIS_URL"]))
print("filled", flush=True)
signal.pause()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program, with the tiny course, in whose lab 02 there is a broker."""
    return Program(tmp_path_factory.mktemp("installed"), owning(OWNERS, tmp_path_factory.mktemp("course")))


def put_up(program: Program, space: Path) -> None:
    """Put the shop up on a free port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = min(sock.getsockname()[1], 64_000)
    began = program("up", "--port", port, "--no-reload", cwd=space)
    assert began.code == 0, began.err


@pytest.fixture(scope="module")
def up(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    """The commands, while a shop is up whose broker is filled by a process beside its services."""
    course = Course(program.file.parent / "checker" / "_course")
    space = init(tmp_path_factory.mktemp("up") / "space", course, at=course.lab("02"), solved=True).path
    (space / "events.py").write_text(EVENTS)
    with (space / "Procfile").open("a") as procfile:
        procfile.write("\ncounter-events: python events.py\n")
    put_up(program, space)
    eventually(lambda: "filled" in program("logs", "counter-events", cwd=space).out, within=20.0)
    yield lambda *words, **env: program(*words, cwd=space, **env)
    assert program("down", cwd=space).code == 0


@pytest.fixture
def broker() -> Iterator[tuple[str, redis.Redis]]:
    """The URL of an empty Valkey, and a client of it."""
    with standing() as ground, ground.broker() as own, redis.Redis.from_url(own.url) as client:
        yield own.url, client


# As it is typed


def test_without_a_name_all_streams_are_listed(up: Typed) -> None:
    """How long each is, who reads it, what is pending, the last id; what is no stream is not there."""
    rows = [text.split(" | ") for text in up("stream").out.splitlines()]

    assert [cell.strip() for cell in rows[0]] == ["stream", "entries", "groups", "pending", "last id"]
    assert [[cell.strip() for cell in row] for row in rows[2:4]] == [
        ["orders.events", "12", "users", "2", "1772439301011-0"],
        ["orders.events.dead", "1", "-", "0", "1772439309000-0"],
    ]
    assert rows[4:] == [["One with its entries: seamwork stream orders.events"]]


def test_an_entry_is_shown_as_the_event_it_is(up: Typed) -> None:
    """Its id, when that was, type, subject and data; the newest first, and how many there are."""
    lines = up("stream", "orders.events", "--count", "2").out.splitlines()

    assert lines[0] == "orders.events"
    assert [cell.strip() for cell in lines[3].split(" | ")] == [
        "1772439301011-0",
        "2026-03-02 08:15:01.011",
        "OrderCreated",
        "1011",
        '{"order_id": 1011, "user_id": 7, "total_cents": 3000}',
    ]
    assert (lines[4].split()[0], lines[5]) == ("1772439301010-0", "entries: 2 of 12, the newest first")


def test_who_reads_it_and_what_is_not_acknowledged(up: Typed) -> None:
    """Each group with what it has not read yet, and each entry that a consumer has taken, with how long ago."""
    parts = [part.splitlines() for part in up("stream", "orders.events").out.split("\n\n")]

    assert parts[1][3].split() == ["users", "|", "1", "|", "10", "|", "2"]
    assert [re.sub(r"[\d.]+ m?s ", "IDLE ", " ".join(text.split())) for text in parts[2][3:]] == [
        "users | 1/77 | 1772439301000-0 | IDLE | 1",
        "users | 1/77 | 1772439301001-0 | IDLE | 1",
    ]


def test_a_dead_letter_says_why_it_is_one(up: Typed) -> None:
    """Its reason is shown, and what the event was where it is none; nothing of it acts upon the terminal."""
    said = up("stream", "orders.events.dead").out

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said + up("stream", "orders.events.dead", "--json").out)
    assert [cell.strip() for cell in said.splitlines()[3].split(" | ")][2:] == [
        "no JSON\\x7f",
        "It is no .",
        "users",
        "1772439301000-0",
    ]


def test_json_is_what_is_in_the_stream(up: Typed) -> None:
    """Each field as it is; a program can read it."""
    every = json.loads(up("stream", "--json").out)["streams"]
    one = json.loads(up("stream", "orders.events.dead", "--json").out)

    assert [each["name"] for each in every] == ["orders.events", "orders.events.dead"]
    assert (one["entries"][0]["fields"]["event"], one["entries"][0]["when"]) == (
        "no JSON\x1b[31m\x9b1m\x7f",
        "2026-03-02T08:15:09.000Z",
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("orders",), "There is no stream 'orders'.\nThere are: orders.events, orders.events.dead.\n"),
        (("plain",), "There is no stream 'plain'.\nThere are: orders.events, orders.events.dead.\n"),
        (("orders.events", "--count", "0"), "0 entries cannot be shown.\nFrom 1 to 1000 can.\n"),
    ],
)
def test_what_cannot_be_is_said(up: Typed, words: tuple[str, ...], says: str) -> None:
    """What was typed wrong is named, with what there is."""
    said = up("stream", *words)

    assert (said.code, said.out, said.err) == (2, "", says)


def test_shell_completes_their_names(up: Typed) -> None:
    """The streams that there are."""
    said = up(_SEAMWORK_COMPLETE="bash_complete", COMP_WORDS="seamwork stream orders.events.", COMP_CWORD="2")

    assert said.out.split() == ["plain,orders.events.dead"]


def test_a_lab_without_a_broker_says_so(program: Program, tmp_path: Path) -> None:
    """Where there is no broker there is nothing to look into, and no traceback."""
    space = program.workspace(tmp_path / "space", "01")
    down = program("stream", cwd=space)
    put_up(program, space)
    try:
        said = program("stream", cwd=space)
    finally:
        program("down", cwd=space)

    assert (down.code, "Put it up: seamwork up" in down.err) == (2, True)
    assert (said.code, said.err.splitlines()[0]) == (2, "In lab 01 there is no broker, and so no streams.")


# What is asked of the broker, and what is made of its answers


def test_nothing_is_changed_by_looking(broker: tuple[str, redis.Redis]) -> None:
    """Only commands that read are sent, and no group has read anything for it."""
    url, client = broker
    fill(client)
    client.config_resetstat()

    streams_of(url)
    look_at(url, "orders.events", 5)

    sent = {name.partition("|")[0] for name in client.info("commandstats")}
    assert {name.removeprefix("cmdstat_") for name in sent} - {"auth", "hello", "client", "select", "config"} == {
        "scan",
        "xinfo",
        "xpending",
        "xrevrange",
    }


def shown(url: str, name: str, *, room: int = 100, ink: Ink | None = None) -> list[str]:
    """Return the lines about a stream, in so narrow a terminal."""
    return Words(Voice("en"), ink or Ink(), room).streams(look_at(url, name, 10)).splitlines()


def test_a_narrow_terminal_has_one_value_a_line(broker: tuple[str, redis.Redis]) -> None:
    """Where the table does not fit, nothing is cut, and no line is too long."""
    url, client = broker
    fill(client)

    lines = shown(url, "orders.events", room=40)

    assert max(map(len, lines)) <= 40
    assert [text.strip() for text in lines[4:6]] == ["type        OrderCreated", "subject     1011"]


def test_a_notebook_has_the_same_in_tables(broker: tuple[str, redis.Redis]) -> None:
    """What is in an entry is text there, and nothing else."""
    url, client = broker
    client.xadd("s", {"<b>": "<script>"})

    page = streamed(look_at(url, "s", 1), Voice("en"))

    assert ('<th scope="col">&lt;b&gt;</th>' in page, "<td>&lt;script&gt;</td>" in page) == (True, True)


def test_colours_are_the_inks(broker: tuple[str, redis.Redis]) -> None:
    """With NO_COLOR there is no escape sequence, and without Unicode none of its characters."""
    url, client = broker
    client.xadd("s", {"é": "ü"})

    plain, coloured = shown(url, "s", ink=Ink(unicode=False)), shown(url, "s", ink=Ink(color=True))

    assert ("\n".join(plain).isascii(), "\x1b[" in "\n".join(plain), "\x1b[" in coloured[0]) == (True, False, True)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"event": '{"specversion": "1.0", "type": ["x"], "data": null}'}, ['["x"]', "null"]),
        ({"event": '{"specversion": "1.0", "type": "A"}', "more": "b"}, ["A", "b"]),
        ({"event": '{"specversion": "1.0", "type": "A"}', "type": "b"}, ["b", '{"specversion": "1.0", "type": "A"}']),
        ({"event": "[" * 100_000}, ["[" * 999 + "…"]),
        ({"event": '{"a": 1}', "more": b"\xff\x00"}, ['{"a": 1}', "�\\x00"]),
        ({"x" * 70_000: "y"}, ["y"]),
        ({"event": '{"specversion": "1.0", "type": "\\ud800\\u202e"}'}, ["\\ud800\\u202e"]),
    ],
)
def test_whatever_is_in_an_entry_is_shown(
    broker: tuple[str, redis.Redis], fields: dict[str, str], says: list[str]
) -> None:
    """What is no event, deep, long, or no text is shown as it is, cut and written out."""
    url, client = broker
    client.xadd("odd", fields, id="99999999999999999-1")

    words = Words(Voice("en"), Ink(), 100)
    row = words.streams(look_at(url, "odd", 1), wide=True).splitlines()[3]

    assert [cell.strip() for cell in row.split(" | ")] == ["99999999999999999-1", "-", *says]


def test_an_empty_stream_is_said_to_be(broker: tuple[str, redis.Redis]) -> None:
    """No entries, no reader; no streams at all."""
    url, client = broker
    none = Words(Voice("en"), Ink(), 100).streams(streams_of(url))
    client.xtrim(client.xadd("s", {"a": "b"}) and "s", 0)

    assert none == "There are no streams yet: the first entry makes one."
    assert shown(url, "s") == ["s", "It is empty.", "", "No group reads it."]


def test_a_broker_that_is_gone_is_said() -> None:
    """Nobody is left waiting, and no password is shown."""
    with pytest.raises(Blocked, match=r"The broker cannot be asked: .*refused") as told:
        streams_of("redis://:secret@127.0.0.1:1/0")

    assert "secret" not in str(told.value)


def test_no_streams_at_all_says_how_they_come(broker: tuple[str, redis.Redis]) -> None:
    """Who asks for one by name while there is none is told so."""
    with pytest.raises(UsageError, match=r"There is no stream 's'\. There are none yet"):
        look_at(broker[0], "s", 10)
