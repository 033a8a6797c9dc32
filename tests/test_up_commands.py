"""up, request, break, heal, logs, down as they are typed: on the Bazaar, with one shop for all tests."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SEAMWORK = str(Path(sys.executable).with_name("seamwork"))
Typed = Callable[..., subprocess.CompletedProcess[str]]


def seamwork(*words: str, at: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SEAMWORK, *words], cwd=at, capture_output=True, text=True, check=False, timeout=50)


@pytest.fixture(scope="module")
def bazaar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace at the end of lab 01."""
    folder = tmp_path_factory.mktemp("commands") / "bazaar"
    assert seamwork("init", str(folder), "--at", "01", "--solved", at=folder.parent).returncode == 0
    return folder


@pytest.fixture(scope="module")
def up(bazaar: Path) -> Iterator[Typed]:
    """The commands, in that workspace, while its shop is up."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = str(min(sock.getsockname()[1], 64_000))
    began = seamwork("up", "--port", port, "--no-reload", at=bazaar)
    assert began.returncode == 0, began.stderr
    yield lambda *words: seamwork(*words, at=bazaar)
    assert seamwork("down", at=bazaar).returncode == 0


@pytest.mark.parametrize("words", [("request", "shop", "GET", "/"), ("heal",), ("break", "shop", "hangs"), ("logs",)])
def test_nothing_up_says_what_to_type(bazaar: Path, words: tuple[str, ...]) -> None:
    """A command on a shop that is not up says so, and how to put it up."""
    told = seamwork(*words, at=bazaar)

    assert told.returncode == 2
    assert "is not up.\nPut it up: seamwork up\n" in told.stderr


def test_down_when_nothing_is_up(bazaar: Path) -> None:
    """Taking down what is not up is no failure."""
    told = seamwork("down", at=bazaar)

    assert (told.returncode, "not up" in told.stdout) == (0, True)


def test_up_again_says_it_is_up(up: Typed) -> None:
    """A second up names the addresses, and the page to open."""
    told = up("up").stdout

    assert told.startswith("01-boundaries is up already.\n  shop     http://127.0.0.1:")
    assert "\nopen     http://127.0.0.1:" in told


def test_request_prints_reply_and_wire(up: Typed) -> None:
    """The status, the JSON in lines, and who asked whom."""
    told = up("request", "orders", "GET", "/orders/1").stdout

    head, body, wire = (
        told.partition("\n{")[0],
        told[told.index("{") : told.rindex("}") + 1],
        told[told.rindex("}") + 1 :],
    )
    assert (head.startswith("200 OK"), json.loads(body)["id"]) == (True, 1)
    assert [line.split()[-6:-2] for line in wire.splitlines() if "→" in line][1][:3] == ["→", "shop", "GET"]


def test_request_sends_json_and_headers(up: Typed) -> None:
    """What --json and -H say arrives."""
    told = up(
        "request", "shop", "POST", "/users", "--json", '{"nickname": "Zoe", "email": "zoe@example.com"}', "-H", "X-A: b"
    )

    assert told.returncode == 0
    assert '"nickname": "Zoe"' in told.stdout


def test_no_reply_in_time_is_exit_one(up: Typed) -> None:
    """Without a reply in time it says how long it waited, and what hangs."""
    up("break", "shop", "hangs")

    told = up("request", "orders", "GET", "/orders/1", "--timeout", "0.4")
    up("heal")

    assert (told.returncode, told.stdout.splitlines()[0]) == (1, "… still waiting after 0.4 s")
    assert "…hangs (by us)" in told.stdout


def test_break_and_heal_say_what_is_broken(up: Typed) -> None:
    """Break says what it does to whom; heal says that nothing is broken any more."""
    broken, healed = up("break", "orders", "delays", "2", "--only", "3").stdout, up("heal").stdout

    assert broken.startswith("  orders delays 2 s for shop")
    assert healed == "Nothing is broken any more.\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("request", "till", "GET", "/"), "There is no service 'till'"),
        (("request", "shop", "FETCH", "/"), "'FETCH' is no HTTP method."),
        (("request", "shop", "GET", "orders"), "'orders' is no path."),
        (("request", "shop", "POST", "/users", "--json", "{a}"), "The body is not JSON"),
        (("request", "shop", "GET", "/", "-H", "no header"), "'no header' is no header."),
        (("break", "shop", "melts"), "cannot be broken by 'melts'"),
        (("logs", "till"), "No process is called 'till'."),
    ],
)
def test_what_cannot_be_is_said(up: Typed, words: tuple[str, ...], says: str) -> None:
    """What was typed wrong is named, without a traceback."""
    told = up(*words)

    assert (told.returncode, says in told.stderr) == (2, True)


def test_logs_name_who_wrote(up: Typed) -> None:
    """Each line has its process in front."""
    told = up("logs", "shop", "-n", "1").stdout

    assert told.startswith("shop | ")
    assert told.count("\n") == 1


def test_interrupt_while_starting_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while a service is not ready takes down what has been started."""
    folder = tmp_path / "bazaar"
    seamwork("init", str(folder), at=tmp_path)
    (folder / "Procfile").write_text("shop-release: sleep 300\nshop: sleep 300\n", "utf-8")
    with subprocess.Popen([SEAMWORK, "up"], cwd=folder, stderr=subprocess.PIPE, text=True) as starting:
        log = folder / "runs" / "up" / "supervisor.log"
        while not log.is_file():
            assert starting.poll() is None
        starting.send_signal(signal.SIGINT)
        said = starting.communicate(timeout=30)[1]

    assert (starting.returncode, said.startswith("Stopped.")) == (130, True)


def test_foreground_ends_with_an_interrupt(tmp_path: Path) -> None:
    """up --foreground shows the logs, and takes everything down on Ctrl-C."""
    folder = tmp_path / "bazaar"
    seamwork("init", str(folder), at=tmp_path)
    with subprocess.Popen([SEAMWORK, "up", "--foreground"], cwd=folder, stdout=subprocess.PIPE, text=True) as shown:
        assert shown.stdout is not None
        first = next(line for line in shown.stdout if line.startswith("shop | "))
        shown.send_signal(signal.SIGINT)
        rest = shown.stdout.read()

    assert (first != "", rest.endswith("The shop is down.\n"), shown.returncode) == (True, True, 0)
