"""Nothing outlives the checker: not what ignores SIGTERM, not what went away on its own, not after kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher, Process
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENV = environment_of(Path(sys.executable))
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
FAMILY = "import subprocess, time; subprocess.Popen(['sleep', '61']); subprocess.Popen(['sleep', '62'], start_new_session=True); print('up'); time.sleep(60)"
PAIR = "import subprocess, time; subprocess.Popen(['sleep', '63']); print('up'); time.sleep(60)"
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(60)
    os._exit(0)
os.wait()
time.sleep(60)
"""
OWNER = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs these tests under nohup ignores it, and so would we
from pathlib import Path
from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher
env = environment_of(Path(sys.executable))
launcher = Launcher(preload=["json"], ledger=Ledger())
launcher.scratch(Path(sys.argv[1]))
for code in sys.argv[2:]:
    process = launcher.start("it", ["python", "-c", code], env, Path("/"), fork=True)
    while not process.last_lines:
        time.sleep(0.001)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher(preload=["json"], ledger=Ledger()) as launcher:
        yield launcher


def started(launcher: Launcher, code: str, *, fork: bool = True) -> Process:
    process = launcher.start("it", ["python", "-c", code], ENV, Path("/"), fork=fork)
    assert until(lambda: process.last_lines, within=10)
    return process


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(processes, timeout=5)[1]


@pytest.mark.parametrize("fork", [True, False])
def test_what_ignores_sigterm_is_killed(launcher: Launcher, fork: bool) -> None:
    """After the grace comes SIGKILL."""
    process = started(launcher, STUBBORN, fork=fork)

    process.stop(grace=0.05)

    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("end", [lambda process: process.stop_soon(grace=60), Process.kill], ids=["stop", "kill"])
def test_the_whole_family_goes(launcher: Launcher, end: Callable[[Process], None]) -> None:
    """Children go with their parent, in its process group or out of it."""
    process = started(launcher, FAMILY)
    family = below(process.pid)

    end(process)

    assert process.wait(5) is not None
    assert len(family) == 2
    assert not alive(family)


def test_what_a_command_leaves_behind_goes_with_it(launcher: Launcher) -> None:
    """A command that ends and leaves a process in the background has ended, both of them."""
    process = launcher.start("it", ["sh", "-c", "sleep 60 & echo $!"], ENV, Path("/"))

    assert process.wait(5) == 0
    assert not psutil.pid_exists(int(process.last_lines[0]))


def test_a_shell_may_end_before_what_it_started(launcher: Launcher) -> None:
    """SIGTERM ends a shell at once; the program it started still has its grace."""
    code = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.1), print('drained'), exit())); print('up'); time.sleep(60)"
    process = launcher.start("it", ["sh", "-c", f'python -c "{code}"; true'], ENV, Path("/"))
    until(lambda: process.last_lines, within=10)

    process.stop(grace=5)

    assert process.last_lines == ["up", "drained"]


@pytest.mark.needs("linux")
def test_a_daemon_is_caught_at_the_end() -> None:
    """Who forks twice and leads a session of its own comes back to the launcher, and ends with it."""
    with Launcher(preload=["json"], ledger=Ledger()) as launcher:
        daemon = psutil.Process(int(started(launcher, DAEMON).last_lines[0]))

    assert not alive([daemon])


def test_one_launcher_ends_without_the_other(launcher: Launcher) -> None:
    """Two runs side by side do not meet."""
    mine = started(launcher, STUBBORN)
    with Launcher(ledger=Ledger()) as other:
        theirs = started(other, FAMILY, fork=False)

    assert theirs.returncode == -signal.SIGTERM
    assert mine.returncode is None
    mine.kill()


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP])
def test_nothing_outlives_the_checker(tmp_path: Path, deadly: signal.Signals) -> None:
    """Kill -9, Ctrl-C and a closed terminal: no process is left, no folder either."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", OWNER, str(scratch), STUBBORN, FAMILY, DAEMON]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        everyone = below(owner.pid)

        os.killpg(owner.pid, deadly)

    assert len(everyone) >= 6
    assert not alive(everyone)
    assert until(lambda: not scratch.exists(), within=2)


def test_a_killed_launcher_takes_its_children_with_it() -> None:
    """Even where the launcher itself is killed -9, and who asks is told."""
    launcher = Launcher(preload=["json"], ledger=Ledger())
    processes = [started(launcher, PAIR), started(launcher, STUBBORN, fork=False)]
    everyone = below(launcher.owner)

    os.kill(launcher.owner, signal.SIGKILL)

    assert [process.wait(5) for process in processes] == [-signal.SIGKILL] * 2
    assert not alive(everyone)
    launcher.close()


@pytest.mark.needs("linux")
def test_nothing_outlives_checker_and_launcher_together(tmp_path: Path) -> None:
    """Where both are killed -9, the system ends what the launcher had started."""
    command = [sys.executable, "-c", OWNER, str(tmp_path), STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        everyone = below(owner.pid)
        owner.send_signal(signal.SIGSTOP)

        everyone[0].kill()

        assert not alive(everyone[1:])
        owner.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_the_launcher_survives_ctrl_c(launcher: Launcher, number: signal.Signals) -> None:
    """Ctrl-C and a closed terminal are the checker's to answer; it still needs its launcher for that."""
    os.kill(launcher.owner, number)

    assert launcher.start("it", ["true"], ENV, Path("/")).wait(5) == 0


def test_many_are_stopped_at_once(launcher: Launcher) -> None:
    """The grace is waited for once, not once for each."""
    processes = [started(launcher, STUBBORN) for _ in range(4)]
    began = time.monotonic()

    for process in processes:
        process.stop_soon(grace=0.3)
    for process in processes:
        process.wait(5)

    assert time.monotonic() - began < 4 * 0.3


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_start_that_is_interrupted_leaves_nothing() -> None:
    """Ctrl-C while a process is being started: the launcher serves on, and its end is that process's too."""
    before = signal.signal(signal.SIGALRM, interrupt)
    with Launcher(ledger=Ledger()) as launcher:
        signal.setitimer(signal.ITIMER_REAL, 0.002)  # the launcher's Python needs longer to begin
        with pytest.raises(KeyboardInterrupt):
            launcher.start("it", ["sleep", "64"], ENV, Path("/"))
        signal.signal(signal.SIGALRM, before)

        assert launcher.start("it", ["true"], ENV, Path("/")).wait(5) == 0
        started = below(launcher.owner)

    assert len(started) == 1
    assert not alive(started)


def test_closing_twice_is_fine() -> None:
    """The second time nothing happens."""
    launcher = Launcher(ledger=Ledger())
    launcher.close()

    launcher.close()

    assert not psutil.pid_exists(launcher.owner)
