"""up, request, break, heal, logs, down as they are typed: on the tiny course, with one shop for all tests."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whole import Program, Said

Typed = Callable[..., Said]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program."""
    return Program(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def up(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typed]:
    """The commands, in a workspace at the end of lab 01, while its shop is up."""
    space = program.workspace(tmp_path_factory.mktemp("up") / "space")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = min(sock.getsockname()[1], 64_000)
    began = program("up", "--port", port, "--no-reload", cwd=space)
    assert began.code == 0, began.err
    yield lambda *words: program(*words, cwd=space)
    assert program("down", cwd=space).code == 0


@pytest.fixture
def space(program: Program, tmp_path: Path) -> Path:
    """A workspace where nothing is up."""
    return program.workspace(tmp_path / "space")


@pytest.mark.parametrize(
    "words",
    [
        ("request", "greeter", "GET", "/"),
        ("heal",),
        ("break", "counter", "hangs"),
        ("logs",),
        ("sql", "counter", "SELECT 1"),
        ("stream",),
        ("run", "counter-release"),
    ],
)
def test_nothing_up_says_what_to_type(program: Program, space: Path, words: tuple[str, ...]) -> None:
    """A command on a shop that is not up says so, and how to put it up."""
    told = program(*words, cwd=space)

    assert told.code == 2
    assert "is not up.\nPut it up: seamwork up\n" in told.err


def test_down_when_nothing_is_up(program: Program, space: Path) -> None:
    """Taking down what is not up is no failure."""
    told = program("down", cwd=space)

    assert (told.code, "not up" in told.out) == (0, True)


def test_up_again_says_it_is_up(up: Typed) -> None:
    """A second up names the addresses, and the page to open."""
    told = up("up").out

    assert told.startswith("01-split is up already.\n  greeter   http://127.0.0.1:")
    assert "\nopen     http://127.0.0.1:" in told


def test_request_prints_reply_and_wire(up: Typed) -> None:
    """The status, the JSON in lines, and who asked whom."""
    told = up("request", "greeter", "POST", "/greetings/ann", "--json", "{}", "-H", "X-Why: not").out

    head, body, wire = (
        told[: told.index("{")],
        told[told.index("{") : told.rindex("}") + 1],
        told[told.rindex("}") + 1 :],
    )
    assert (head.startswith("201 Created"), json.loads(body)["count"]) == (True, 1)
    assert "greeter → counter  POST /counts/ann     201" in wire


def test_a_crowd_is_counted(up: Typed) -> None:
    """What came of many requests at once is told by outcome, and whoever got no answer makes the exit code 1."""
    well = up("request", "greeter", "POST", "/greetings/crowd", "--times", "3")
    up("break", "counter", "hangs", "--only", "2")
    ill = up("request", "greeter", "POST", "/greetings/crowd", "--times", "3", "--timeout", "1")
    up("heal")

    assert (well.code, well.out.startswith("3 × 201 Created   ")) == (0, True)
    assert (ill.code, [told.partition("   ")[0] for told in ill.out.splitlines()]) == (
        1,
        ["2 × 201 Created", "1 × no reply"],
    )


def test_no_reply_in_time_is_exit_one(up: Typed) -> None:
    """Without a reply in time it says how long it waited, and what hangs."""
    up("break", "counter", "hangs")

    told = up("request", "greeter", "POST", "/greetings/ann", "--timeout", "0.4")
    up("heal")

    assert (told.code, told.out.splitlines()[0]) == (1, "… still waiting after 0.4 s")
    assert "…hangs (by us)" in told.out


def test_break_and_heal_say_what_is_broken(up: Typed) -> None:
    """Break says what it does to whom; heal says that nothing is broken any more."""
    broken, healed = up("break", "counter", "delays", "2", "--only", "3").out, up("heal").out

    assert broken.startswith("  counter delays 2 s for greeter")
    assert healed == "Nothing is broken any more.\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("request", "till", "GET", "/"), "There is no service 'till'"),
        (("request", "greeter", "FETCH", "/"), "'FETCH' is no HTTP method."),
        (("request", "greeter", "GET", "orders"), "'orders' is no path."),
        (("request", "greeter", "POST", "/users", "--json", "{a}"), "The body is not JSON"),
        (("request", "greeter", "GET", "/", "-H", "no header"), "'no header' is no header."),
        (("break", "counter", "melts"), "cannot be broken by 'melts'"),
        (("logs", "till"), "No process is called 'till'."),
    ],
)
def test_what_cannot_be_is_said(up: Typed, words: tuple[str, ...], says: str) -> None:
    """What was typed wrong is named, without a traceback."""
    told = up(*words)

    assert (told.code, says in told.err) == (2, True)


def test_logs_name_who_wrote(up: Typed) -> None:
    """Each line has its process in front."""
    up("request", "greeter", "POST", "/greetings/ann")

    told = up("logs", "greeter", "-n", "1").out

    assert told.startswith("greeter | ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("sign", ["supervisor.log", "counter.log"])
def test_interrupt_while_starting_leaves_nothing(program: Program, space: Path, sign: str) -> None:
    """Ctrl-C, at once or while a service is not ready, takes down what has been started."""
    (space / "counter" / "app.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(300)\n", "utf-8")
    with program.begin("up", cwd=space) as starting:
        while not (space / "runs" / "up" / sign).is_file():
            assert starting.poll() is None
        starting.send_signal(signal.SIGINT)
        said = starting.communicate(timeout=30)[1].decode()

    assert (starting.returncode, said.strip().startswith("Stopped.")) == (130, True)


def test_foreground_ends_with_an_interrupt(program: Program, space: Path) -> None:
    """up --foreground shows where and what is written, and takes everything down on Ctrl-C."""
    with program.begin("up", "--foreground", cwd=space) as shown:
        assert shown.stdout is not None
        head = next(line for line in shown.stdout if line.startswith(b"next "))
        shown.send_signal(signal.SIGINT)
        rest = shown.stdout.read().decode()

    assert head
    assert (rest.endswith("The shop is down.\n"), shown.returncode) == (True, 0)
