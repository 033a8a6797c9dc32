"""However a check is stopped, nothing it started stays behind; two at once do not meet."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from whole import Program, edit, family, private

from checker.wait import until

ASKED = "return 200, "
GOES_ON = "open({flag!r}, 'w').close()\n    import time; time.sleep(30)\n    return 200, "
NEVER_READY = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen({flag!r}, 'w').close()\ntime.sleep(30)\n"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Install the program."""
    return Program(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def made(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace at our end of lab 01, to be copied."""
    return program.workspace(tmp_path_factory.mktemp("made") / "bazaar")


@pytest.fixture
def space(made: Path, tmp_path: Path) -> Path:
    """Return a workspace at our end of lab 01."""
    return shutil.copytree(made, tmp_path / "bazaar")


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """Return the file that a service writes when it is in the middle of something."""
    return tmp_path / "in-the-middle"


def slow(when: str, space: Path, flag: Path) -> None:
    """Let the counter hang when it is asked, or never get ready and ignore SIGTERM."""
    counter = space / "counter" / "app.py"
    if when == "asked":
        edit(counter, ASKED, GOES_ON.format(flag=str(flag)))
    else:
        counter.write_text(NEVER_READY.format(flag=str(flag)))


@pytest.fixture
def servers() -> Iterator[set[int]]:
    """Collect ids of checkers; their servers' folders are gone at the end."""
    owners: set[int] = set()
    yield owners
    assert until(lambda: not private(owners), within=15), private(owners)


def begun(program: Program, space: Path, flag: Path, when: str) -> tuple[subprocess.Popen[bytes], set[int]]:
    """Start a check, and wait until it is in the middle of something."""
    slow(when, space, flag)
    process = program.begin("check", "--cold", cwd=space)
    assert until(flag.exists, within=20)
    return process, family(process.pid)


def gone(pids: set[int]) -> bool:
    """Whether none of these lives."""
    return not any(map(lives, pids))


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    ("name", "when"), [("SIGINT", "asked"), ("SIGINT", "starting"), ("SIGTERM", "asked"), ("SIGHUP", "starting")]
)
def test_stopped_check_leaves_nothing(
    program: Program, space: Path, flag: Path, servers: set[int], name: str, when: str
) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end it within seconds: words, 130, no process, no file."""
    process, pids = begun(program, space, flag, when)
    servers |= pids

    process.send_signal(signal.Signals[name])
    out, err = process.communicate(timeout=10)

    assert (process.returncode, out) == (130, b"")
    assert err.decode().strip() == "Stopped. Everything that was started has been taken down."
    assert (gone(pids), program.left) == (True, [])


def test_impatient_ctrl_c_leaves_nothing(program: Program, space: Path, flag: Path, servers: set[int]) -> None:
    """Who presses Ctrl-C again and again does not stop the clearing up."""
    process, pids = begun(program, space, flag, "asked")
    servers |= pids

    until(lambda: process.send_signal(signal.SIGINT) or process.poll() is not None, within=10, every=0.02)
    _, err = process.communicate(timeout=10)

    assert (process.returncode, b"Traceback" in err) == (130, False)
    assert (gone(pids), program.left) == (True, [])


def test_killed_check_takes_all_with_it(program: Program, space: Path, flag: Path, servers: set[int]) -> None:
    """After kill -9 services, servers and launchers end by themselves, and their files go."""
    process, pids = begun(program, space, flag, "asked")
    servers |= pids

    process.kill()
    process.communicate()

    assert until(lambda: gone(pids), within=10)
    assert len(pids) > 4


EARLY = """
import os, signal, sys

class Early:
    @staticmethod
    def find_spec(name, *_):
        if name == "checker.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Early)
from seamwork_main import main
main()
"""


def test_ctrl_c_before_anything_was_started_is_quiet(program: Program) -> None:
    """In the first moments, while modules load, there is no traceback either."""
    done = subprocess.run([sys.executable, "-c", EARLY], cwd=program.file.parent, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (130, b"")


def test_two_checks_at_once_do_not_meet(program: Program, space: Path, made: Path, servers: set[int]) -> None:
    """On two workspaces, and twice on one: each has its own verdict, and the last one's report is whole."""
    (made / "greeter" / "app.py").touch()
    edit(space / "greeter" / "app.py", "Hello", "Hallo")
    edit(space / "greeter" / "app.py", "201", "200")

    running = [program.begin("check", "--cold", "--json", cwd=folder) for folder in (made, space, made)]
    servers |= {process.pid for process in running}
    said = [json.loads(process.communicate(timeout=30)[0]) for process in running]

    assert [run["exit_code"] for run in said] == [0, 0, 0]
    assert len({run["seed"] for run in said}) == 3
    assert json.loads((made / "runs/latest/results.json").read_text()) in (said[0], said[2])
    assert [entry.name for entry in (made / "runs").iterdir()] == ["latest"]
