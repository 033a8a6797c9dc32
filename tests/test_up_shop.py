"""The shop that is up: asked, broken, healed, reloaded and taken down through its supervisor. On the tiny course."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from checker.course import Course, Workspace, init, start
from checker.errors import LearnerFault, ServiceFailed, UsageError
from checker.session.up import Up
from checker.session.up_options import Options
from checker.session.up_start import start_up
from checker.session.up_state import State
from checker.session.up_wire import Meeting
from checker.wait import eventually

TINY = Path(__file__).with_name("tiny")
PutUp = Callable[..., tuple[Up, State]]
GREET = ("greeter", "POST", "/greetings/ann")
WITHIN = 20.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, State]]:
    """The end of the tiny lab 01, up: greeter and counter."""
    space = workspace(tmp_path_factory.mktemp("up"))
    state = start_up(space, Options(port=free_port(), reload=False))
    up = Up(space.path)
    yield up, state
    up.stop()


@pytest.fixture
def up(shop: tuple[Up, State]) -> Iterator[Up]:
    """The same, with every fault taken back afterwards."""
    yield shop[0]
    shop[0].heals()


@pytest.fixture
def put_up() -> Iterator[PutUp]:
    """Put a workspace's shop up; whatever becomes of the test, it is taken down again."""
    begun: list[Up] = []

    def start(space: Workspace, **options: Any) -> tuple[Up, State]:
        begun.append(Up(space.path))
        return begun[-1], start_up(space, Options(**{"port": free_port(), **options}))

    yield start
    for up in begun:
        if up.running:
            up.stop()


def workspace(folder: Path, at: str = "01", *, solved: bool = True) -> Workspace:
    course = Course(TINY)
    return init(folder / "space", course, at=course.lab(at), solved=solved)


def free_port() -> int:
    """A port with a free one behind it, below those that the system hands out to whoever connects."""
    return next(port for port in random.sample(range(20_000, 32_000), 1_000) if free(port) and free(port + 1))


def free(port: int) -> bool:
    """Tell whether nobody has a port."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) != 0


def test_services_get_ports_in_a_row(shop: tuple[Up, State]) -> None:
    """The first service has the port that was asked for, the next one the next."""
    first, second = (int(service.url.rpartition(":")[2]) for service in shop[1].services)

    assert [service.name for service in shop[1].services] == ["greeter", "counter"]
    assert second == first + 1


def test_a_request_shows_who_asked_whom(up: Up) -> None:
    """A reply comes with what services asked of each other for it."""
    answer = up.request(*GREET)

    assert (answer.status, answer.error) == (201, None)
    assert [(e.caller, e.callee, e.status) for e in answer.wire] == [
        ("you", "greeter", 201),
        ("greeter", "counter", 201),
    ]


def test_a_break_acts_on_neighbours(up: Up) -> None:
    """A service that is made to answer 503 does so for its neighbour, and is counted."""
    up.breaks("counter", ["answers", "503"])

    answer = up.request(*GREET)

    assert (answer.wire[-1].status, answer.wire[-1].fault) == (503, "answers 503")
    assert [(fault.what, fault.callers, fault.met) for fault in up.state().faults] == [("answers 503", ["greeter"], 1)]


def test_only_one_request_is_broken(up: Up) -> None:
    """With only=2 the second request meets the fault, the first and the third do not."""
    up.breaks("counter", ["answers", "500"], only=2)

    met = [up.request(*GREET).wire[-1].fault for _ in range(3)]

    assert met == [None, "answers 500", None]


def test_healing_takes_faults_back(up: Up) -> None:
    """After heal there is no fault, and none acts."""
    up.breaks("counter", ["refuses"])

    up.heals("counter")

    assert up.state().faults == []
    assert up.request(*GREET).wire[-1].status == 201


@pytest.mark.parametrize(("words", "what"), [(["hangs"], "hangs"), (["delays", "30"], "delays 30 s")])
def test_a_silent_neighbour_is_seen_waiting(up: Up, words: list[str], what: str) -> None:
    """A request that got no reply in time shows the call that waits, and whose doing it is."""
    up.breaks("counter", words)

    answer = up.request(*GREET, timeout=0.3)

    assert answer.status is None
    assert [(e.callee, e.status, e.fault) for e in answer.wire] == [("greeter", None, None), ("counter", None, what)]


@pytest.mark.parametrize(
    ("service", "words", "says"),
    [
        ("counter", ["melts"], "melts"),
        ("counter", ["delays"], "delays SECONDS"),
        ("counter", ["answers", "99"], "200"),
        ("till", ["hangs"], "greeter, counter"),
        ("greeter", ["hangs"], "nobody calls greeter"),
    ],
)
def test_what_cannot_be_broken_is_said(up: Up, service: str, words: list[str], says: str) -> None:
    """A break that there is not names what was typed, and what there is."""
    with pytest.raises(UsageError, match=says):
        up.breaks(service, words)


def test_a_restart_begins_again_where_it_was(tmp_path: Path, put_up: PutUp) -> None:
    """After a restart the addresses are the same, and what was stored is gone."""
    up, before = put_up(workspace(tmp_path), reload=False)
    up.request(*GREET)

    state = up.restart()

    assert [service.url for service in state.services] == [service.url for service in before.services]
    assert '"count": 0' in up.request("counter", "GET", "/counts/ann").body


def test_the_browser_is_recorded_as_well(up: Up) -> None:
    """What comes in at a service's address goes to that service."""
    found = httpx.get(f"{up.state().services[1].url}/counts/bob", trust_env=False)

    assert found.json() == {"name": "bob", "count": 0}


def test_logs_are_kept_and_followed(up: Up) -> None:
    """What a service wrote can be read, and followed as it writes."""
    up.request(*GREET)

    line = next(text for process, text in up.follow(["greeter"]) if "/greetings/ann" in text)

    assert "POST" in line
    log = up.workspace / "runs/up/greeter.log"
    eventually(lambda: "/greetings/ann" in log.read_text(), within=WITHIN, what="the request in greeter.log")


def test_a_second_supervisor_is_refused(shop: tuple[Up, State]) -> None:
    """Who puts up what is up already is told so, and nothing happens to the first."""
    with pytest.raises(UsageError):
        start_up(Workspace.open(shop[0].workspace, Course(TINY)), Options())

    assert shop[0].state().pid == shop[1].pid


def test_what_is_not_up_is_said(tmp_path: Path) -> None:
    """Asking where nothing is up says what to type."""
    with pytest.raises(UsageError, match="seamwork up"):
        Up(tmp_path).state()


def test_a_start_that_fails_says_why(tmp_path: Path, put_up: PutUp) -> None:
    """A service that does not start is named as check names it, and nothing stays behind."""
    space = workspace(tmp_path)
    (space.path / "counter" / "app.py").write_text("def (", "utf-8")

    with pytest.raises(ServiceFailed, match=r"counter did not start: .*app\.py, line 1, is not Python"):
        put_up(space)

    assert Meeting(space.path).free


def test_a_broken_procfile_is_the_learners(tmp_path: Path, put_up: PutUp) -> None:
    """A Procfile that cannot be read is a LearnerFault here, too."""
    space = workspace(tmp_path)
    (space.path / "Procfile").write_text("greeter\n", "utf-8")

    with pytest.raises(LearnerFault, match="Line 1"):
        put_up(space)


def test_a_taken_port_is_replaced(tmp_path: Path, put_up: PutUp) -> None:
    """Where the asked port is taken, the service gets a free one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _, state = put_up(workspace(tmp_path, "00"), port=port, reload=False)

    assert not state.services[0].url.endswith(f":{port}")


def test_a_killed_supervisor_takes_all_along(tmp_path: Path, put_up: PutUp) -> None:
    """kill -9 on the supervisor ends every process, and the shop can be put up again."""
    space = workspace(tmp_path, "00")
    up, state = put_up(space, reload=False)
    family = psutil.Process(state.pid).children(recursive=True)

    os.kill(state.pid, signal.SIGKILL)

    assert family
    assert not psutil.wait_procs(family, timeout=WITHIN)[1]
    assert not up.running
    assert put_up(space, reload=False)[1].ready


def test_saving_a_file_brings_it_in(tmp_path: Path, put_up: PutUp) -> None:
    """A save starts the processes again; one that does not come back is named, until it is mended."""
    space = workspace(tmp_path, "00")
    up, app = put_up(space)[0], space.path / "greeter" / "app.py"
    good = app.read_text("utf-8")

    app.write_text("def (", "utf-8")
    eventually(lambda: not up.state().ready, within=WITHIN, what="that the broken file is noticed")
    with pytest.raises(ServiceFailed, match="is not Python"):
        up.request(*GREET)
    app.write_text(good.replace("Hello", "Salut"), "utf-8")

    assert eventually(lambda: up.state().ready, within=WITHIN, what="that the mended file is brought in")
    assert "Salut" in up.request(*GREET).body


@pytest.mark.parametrize(("at", "then"), [("00", "01-split"), ("01", "02-more")])
def test_another_lab_builds_another_system(tmp_path: Path, put_up: PutUp, at: str, then: str) -> None:
    """When the workspace moves on to the next lab, so does what is up."""
    space = workspace(tmp_path, at)
    up, _ = put_up(space)

    start(space, space.course.lab(then))

    assert eventually(lambda: _lab(up) == then, within=WITHIN, what=f"that {then} is up")
    assert [service.name for service in up.state().services] == ["greeter", "counter"]


def _lab(up: Up) -> str:
    try:
        return up.state().lab
    except UsageError:  # it is being built
        return ""
