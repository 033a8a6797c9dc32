"""A service's own tests reach their own database, and nobody else: the walls around a process, and the doors in them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from checker.backing.places import reachable, server_uid
from checker.evidence import Loop
from checker.ledger import Ledger
from checker.runtime.environment import base_environment
from checker.runtime.launcher import Launcher, Process
from checker.runtime.walls import Walls

ROOT = Path(__file__).parent.parent
PUBLIC_PYTHON = sys.executable if reachable(Path(sys.executable).resolve().parent, server_uid()) else "/usr/bin/python3"
"""Our interpreter, or the system's where ours lies in somebody's private folder."""

pytestmark = pytest.mark.needs("linux")

CALL = """
import os, socket, sys

for port in sys.argv[1:]:
    try:
        with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as sock:
            sock.sendall(b"ping")
            sock.shutdown(socket.SHUT_WR)
            print(sock.makefile().read())
    except OSError as error:
        print(type(error).__name__)
"""
ITSELF = """
import socket

with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
    print("reached")
"""
AS_NOBODY = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_runtime_walls import CALL, echo, said
with echo() as own, echo() as other:
    print(said(Path("/"), CALL, own, other, doors=[own]))
"""


@contextmanager
def echo() -> Iterator[int]:
    """Lend a port at which a server says each caller's words again, in capitals, once it has heard all of them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_echo, args=[server], daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _echo(server: socket.socket) -> None:
    while True:
        try:
            sock, _ = server.accept()
        except OSError:
            return
        with sock, sock.makefile("rb") as stream:
            sock.sendall(stream.read().upper())


def said(cwd: Path, program: str, *ports: int, doors: list[int], fork: bool = False) -> list[str]:
    """Run a program with walls around it; the lines it wrote."""
    argv = [sys.executable, "-c", program, *map(str, ports)]
    if fork:
        (cwd / "program.py").write_text(program, "utf-8")
        argv = [sys.executable, "program.py", *map(str, ports)]
    with Loop() as loop, Launcher(ledger=Ledger(), preload=["socket"] if fork else ()) as launcher:
        with Walls(loop, doors) as walls:
            process = launcher.start("orders-test", argv, base_environment(cwd), cwd, fork=fork, walls=walls)
            process.wait(10)
        return told(process, fork=fork)


def told(process: Process, *, fork: bool) -> list[str]:
    """Return what it wrote, forked or not, as it was to be."""
    assert bool(process.cold) is not fork
    return process.last_lines


@pytest.mark.parametrize("fork", [False, True])
def test_process_reaches_its_own(tmp_path: Path, *, fork: bool) -> None:
    """Through its door a process reaches what is its own, and what goes there and back is whole."""
    with echo() as own:
        found = said(tmp_path, CALL, own, doors=[own], fork=fork)

    assert found == ["PING"]


@pytest.mark.parametrize("fork", [False, True])
def test_process_reaches_nobody_else(tmp_path: Path, *, fork: bool) -> None:
    """Whoever else listens on the machine is not there for a process behind walls."""
    with echo() as own, echo() as other:
        found = said(tmp_path, CALL, other, own, doors=[own], fork=fork)

    assert found == ["ConnectionRefusedError", "PING"]


def test_process_reaches_itself(tmp_path: Path) -> None:
    """What a test starts for itself on loopback, it reaches."""
    with echo() as own:
        found = said(tmp_path, ITSELF, doors=[own])

    assert found == ["reached"]


def test_without_doors_there_are_no_walls(tmp_path: Path) -> None:
    """A process that is given nothing of its own runs as every other does."""
    with echo() as other:
        found = said(tmp_path, CALL, other, doors=[])

    assert found == ["PING"]


@pytest.mark.needs("root", "setpriv")
def test_plain_user_has_walls() -> None:
    """A plain user's processes are walled off as well."""
    become = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    path = os.pathsep.join([str(ROOT), *(part for part in sys.path if part.endswith("-packages"))])
    found = subprocess.run(
        [*become, PUBLIC_PYTHON, "-c", AS_NOBODY],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.stdout == "['PING', 'ConnectionRefusedError']\n", found.stderr


def test_descriptors_are_not_lost(tmp_path: Path) -> None:
    """However often a process is walled off, no descriptor is left open."""
    with Loop() as loop, Launcher(ledger=Ledger()) as launcher, echo() as own:
        for _ in range(2):
            before = len(list(Path("/dev/fd").iterdir()))
            with Walls(loop, [own]) as walls:
                launcher.start("x", [sys.executable, "-c", CALL, str(own)], {}, tmp_path, walls=walls).wait(10)

    assert len(list(Path("/dev/fd").iterdir())) <= before
