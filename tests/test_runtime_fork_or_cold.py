"""A forked program is the same program: what it sees, prints, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = Path(sys.executable)
ENV = {**environment_of(PYTHON), "PORT": "4711", "TZ": "Asia/Tokyo"}
LOOK = """
import json, os, random, signal, sys, threading, time
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv, "environ": dict(os.environ), "cwd": os.getcwd(), "path": sys.path, "name": __name__,
    "main": sys.modules["__main__"].__dict__ is globals(), "globals": sorted(name for name in globals() if name.startswith("__")),
    "file": globals().get("__file__"), "spec": str(__spec__ and __spec__.name), "package": __package__,
    "ignored": [int(s) for s in signal.valid_signals() if signal.getsignal(s) == signal.SIG_IGN],
    "blocked": [int(s) for s in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "leads": [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()],
    "fds": sorted(int(fd) for fd in os.listdir("/dev/fd")), "stdin": sys.stdin.read(), "zone": time.tzname, "threads": threading.active_count(),
    "encoding": [sys.stdout.encoding, sys.stderr.encoding, sys.stdout.errors, sys.getfilesystemencoding()], "tty": sys.stdout.isatty(),
    "ours": [name for name in sys.modules if name.startswith(("checker", "forked", "launcher"))], "executable": sys.executable,
    "annotations": __annotations__, "frozen": sys.dont_write_bytecode,
}))
"""


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    around = {**environment_of(PYTHON), "STRAY": "of the launcher alone"}
    with Launcher(preload=["json", "argparse"], ledger=Ledger(), environment=around) as launcher:
        yield launcher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "look.py").write_text(LOOK)
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "look.py").write_text(LOOK)
    (tmp_path / "pkg" / "__main__.py").write_text(LOOK)
    (tmp_path / "broken.py").write_text("def f(:\n    pass\n")
    return tmp_path


def outcome(
    launcher: Launcher, argv: list[str], cwd: Path, *, fork: bool, env: dict[str, str] = ENV
) -> tuple[int | None, list[str]]:
    process = launcher.start("it", argv, env, cwd, fork=fork)
    assert (process.cold == "") is fork, process.cold
    return process.wait(10), process.last_lines


def seen(launcher: Launcher, argv: list[str], cwd: Path, *, fork: bool) -> dict[str, Any]:
    code, lines = outcome(launcher, argv, cwd, fork=fork)
    assert code == 0, lines
    found: dict[str, Any] = json.loads(lines[0])
    return found


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "look.py", "a", "-b"],
        ["python3", "-u", "pkg/look.py"],
        ["python", "-m", "look", "x"],
        ["python", "-m", "pkg.look"],
        ["python", "-m", "pkg", "--port", "1"],
        ["python", "-c", LOOK, "y"],
    ],
    ids=lambda argv: " ".join(argv)[:20].replace("\n", " "),
)
def test_a_forked_program_sees_what_a_cold_one_sees(launcher: Launcher, folder: Path, argv: list[str]) -> None:
    """Arguments, environment, sys.path, __main__, signals, descriptors, streams, time zone: all the same."""
    forked, cold = seen(launcher, argv, folder, fork=True), seen(launcher, argv, folder, fork=False)

    assert forked == cold
    assert {name: forked[name] for name in ("ours", "leads", "fds")} == {
        "ours": [],
        "leads": [True, True],
        "fds": [0, 1, 2, 3],
    }


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("import sys; sys.exit('sorry')", 1),
        ("1 / 0", 1),
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("import atexit; atexit.register(print, 'bye')", 0),
        ("import threading, time; threading.Timer(0.05, print, ['late']).start()", 0),
        ("print('no line end', end='')", 0),
        ("import sys; print('out'); print('err', file=sys.stderr); print('out')", 0),
        ("def f(): raise ValueError('deep') from KeyError('cause')\nf()", 1),
    ],
)
def test_a_forked_program_ends_as_a_cold_one(launcher: Launcher, tmp_path: Path, code: str, ends: int) -> None:
    """Exit codes, signals, what is done at exit, and tracebacks without a frame of ours."""
    (tmp_path / "program.py").write_text(code)

    forked, cold = (outcome(launcher, ["python", "program.py"], tmp_path, fork=fork) for fork in (True, False))

    assert forked == cold
    assert forked[0] == ends


@pytest.mark.parametrize(
    "argv",
    [["python", "broken.py"], ["python", "-m", "broken"], ["python", "-m", "nowhere"], ["python", "-m", "pkg.nowhere"]],
)
def test_a_forked_program_fails_to_begin_as_a_cold_one(launcher: Launcher, folder: Path, argv: list[str]) -> None:
    """Syntax errors and missing modules are said in the same words."""
    assert outcome(launcher, argv, folder, fork=True) == outcome(launcher, argv, folder, fork=False)


def test_a_console_script_runs_in_process(launcher: Launcher, tmp_path: Path) -> None:
    """A program of this environment is forked by its name alone."""
    forked, cold = (outcome(launcher, ["uvicorn", "--version"], tmp_path, fork=fork) for fork in (True, False))

    assert forked == cold
    assert re.match("Running uvicorn", forked[1][0])


def test_random_numbers_differ_between_forks(launcher: Launcher, tmp_path: Path) -> None:
    """Two forks of one parent do not throw the same dice."""
    argv = ["python", "-c", "import random, uuid; print(random.random(), uuid.uuid4())"]

    assert outcome(launcher, argv, tmp_path, fork=True) != outcome(launcher, argv, tmp_path, fork=True)


@pytest.mark.parametrize("name", ["signal", "typing", "json", "argparse"])
@pytest.mark.parametrize("argv", [["python", "program.py"], ["python", "-m", "program"]])
def test_a_module_that_shadows_a_loaded_one_means_cold(
    launcher: Launcher, tmp_path: Path, name: str, argv: list[str]
) -> None:
    """A learner's json.py is imported in place of Python's, as it would be without us."""
    (tmp_path / "program.py").write_text("print('began')")
    (tmp_path / f"{name}.py").touch()

    process = launcher.start("it", argv, ENV, tmp_path, fork=True)

    process.wait(10)
    assert process.cold == f"{name} in {tmp_path} has the name of a module that is loaded already"


DISTRIBUTIONS = pytest.mark.skipif(
    find_spec("sitecustomize") is not None, reason="this Python has a sitecustomize of its own, as Debian's has"
)


@pytest.mark.parametrize(
    "name", ["checker", "launcher_main", "forked", "conftest", pytest.param("sitecustomize", marks=DISTRIBUTIONS)]
)
def test_modules_called_like_ours_are_theirs(launcher: Launcher, tmp_path: Path, name: str) -> None:
    """checker.py and its like are imported from the learner's folder, and by nobody else."""
    (tmp_path / f"{name}.py").write_text("print('theirs')")

    assert outcome(launcher, ["python", "-c", f"import {name}"], tmp_path, fork=True) == (0, ["theirs"])


@pytest.mark.parametrize(
    ("argv", "env"),
    [
        (["python", "-O", "-c", "print(1)"], {}),
        (["python", "-c", "print(1)"], {"PYTHONWARNINGS": "error"}),
        (["python", "-c", "print(1)"], {"PYTHONPATH": "custom"}),
        (["echo", "1"], {}),
        (["./script"], {}),
    ],
)
def test_what_a_fork_cannot_do_is_started_cold(
    launcher: Launcher, tmp_path: Path, argv: list[str], env: dict[str, str]
) -> None:
    """Options of the interpreter, variables it reads, programs that are not Python's: executed, with the reason."""
    (tmp_path / "custom").mkdir()
    (tmp_path / "custom" / "sitecustomize.py").touch()
    (tmp_path / "script").write_text("#!/bin/sh\necho 1\n")
    (tmp_path / "script").chmod(0o755)

    process = launcher.start("it", argv, {**ENV, **env}, tmp_path, fork=True)

    assert (process.wait(10), process.last_lines) == (0, ["1"])
    assert process.cold


@pytest.mark.parametrize("argv", [["python", "-m", "pytest", "--version"], ["pytest", "--version"]])
def test_pytest_is_started_cold(launcher: Launcher, tmp_path: Path, argv: list[str]) -> None:
    """It rewrites assertions in what it imports, and complains of what somebody else has imported before."""
    process = launcher.start("it", argv, ENV, tmp_path, fork=True)

    assert process.wait(10) == 0
    assert process.cold == "pytest looks at what has been imported before it"


def test_a_variable_read_at_import_means_cold(tmp_path: Path) -> None:
    """A module that was loaded with one value of a variable does not serve a program that has another."""
    with Launcher(preload=["psycopg"], ledger=Ledger()) as launcher:
        same = launcher.start("same", ["python", "-c", ""], ENV, tmp_path, fork=True)
        other = launcher.start("other", ["python", "-c", ""], {**ENV, "PSYCOPG_IMPL": "binary"}, tmp_path, fork=True)

    assert same.cold == ""
    assert other.cold == "the environment variable PSYCOPG_IMPL is read before a program begins"
