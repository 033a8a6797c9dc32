"""A cell made by a container engine: who leads the way there, and its first process, which is this file run as a script.

Standard library only, as the launcher is. The launcher's child becomes the engine's command line, which carries what the
container says; the container's first process is told over its standard input what it is to run, says over its standard error
what becomes of that, and ends with everything when that line breaks. Script: python -I -S docked.py TOKEN
"""
# ruff: noqa: PTH118, PTH120, PTH123, PTH208  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import signal
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.runtime import celled, forked, locked, walled
else:  # -I keeps our folder off the path, and so it shall be

    def _beside(name):  # noqa: ANN001, ANN202  (mypy reads the other branch)
        known = f"beside {name}"  # no import will find it under that name, and nobody loads it twice
        if known not in sys.modules:
            file = os.path.join(os.path.dirname(__file__), f"{name}.py")
            spec = importlib.util.spec_from_file_location(known, file)
            sys.modules[known] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[known])
        return sys.modules[known]

    celled, forked, locked, walled = map(_beside, ("celled", "forked", "locked", "walled"))

__all__ = ["HERE", "NEEDED", "await_birth", "move_in"]

HERE = "/.cell"
"""Where the files that this script needs lie in a container."""
NEEDED = ("docked", "celled", "forked", "locked", "walled")
SPEAKS = b"\0"
"""What comes before words of the first process: before it the engine may have said something."""
ASKED, ASKS, OUTSIDE = (
    5,
    6,
    7,
)  # from forked.TOLD on: told, minded, both ends of what becomes its standard input, the doors
PIPE_SIZE, WHOLE = 1031, 1 << 20  # F_SETPIPE_SZ
ENGINE_ANSWERS = 60.0
HEARD = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}
LENGTH = struct.Struct("!I")


def move_in(request: Mapping[str, Any], tell: int, mind: int) -> NoReturn:
    """Become the engine's command line, whose container becomes what ``request`` asks for. Raises OSError.

    It holds both ends of the container's standard input: that line breaks when it is gone, and it goes with the launcher.
    """
    cell = request["cell"]
    plan = json.dumps({name: request[name] for name in ("argv", "env", "cwd", "cell")}).encode()
    doors = [request["outside"]] if request["doors"] else []
    forked.settle_in(request["output"], [tell, mind, *os.pipe(), *doors], "/")
    locked.call("prctl", 1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG
    if not doors or os.fork() == 0:
        if doors:
            _open_doors(request["doors"], cell["token"])
        fcntl.fcntl(ASKS, PIPE_SIZE, WHOLE)
        os.write(ASKS, LENGTH.pack(len(plan)) + plan)
        if doors:
            os._exit(0)
    os.dup2(ASKED, 0)
    os.dup2(forked.TOLD + 1, 2)
    os.set_inheritable(ASKS, True)
    os.execve(cell["command"][0], cell["command"], cell["engine"])  # noqa: S606  (what it is for)
    raise AssertionError


def _open_doors(ports: list[int], token: str) -> None:
    """Hand out listeners in the container's own network, once there is one."""
    os.close(forked.TOLD)
    deadline = time.monotonic() + ENGINE_ANSWERS
    while not (pid := _find(token)):
        if time.monotonic() > deadline:
            os._exit(1)
        time.sleep(0.02)
    celled.enter([os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)])
    walled.hand_out(ports, OUTSIDE)


def await_birth(house: int, token: str) -> dict[str, Any]:
    """Wait until the program has begun. Returns the "pid" of the first process, or what went wrong."""
    said = b""
    while (byte := os.read(house, 1)) != SPEAKS:
        if not byte:
            return {"step": "cell", "errno": 0, "error": said.decode("utf-8", "replace").strip()[-500:]}
        said += byte
    if os.read(house, 1) == celled.BORN:
        return {"pid": _find(token)}
    with open(house, closefd=False, encoding="utf-8") as rest:
        failed: dict[str, Any] = json.loads("{" + rest.readline())
    return failed


def _find(token: str) -> int:
    """Return the number that the first process of a container has where we are; 0 when there is none."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if file.read().split(b"\0")[1:] == [b"-I", b"-S", f"{HERE}/docked.py".encode(), token.encode(), b""]:
                return int(pid)
    return 0


def _begin() -> NoReturn:
    """Be the first process of the container. Nobody in it can look into us, or stop us."""
    locked.unseen()
    for number in HEARD:
        signal.signal(number, signal.SIG_IGN)
    with open(0, "rb", buffering=0, closefd=False) as line:
        plan = json.loads(_read(line.fileno(), LENGTH.unpack(_read(0, LENGTH.size))[0]))
    told, tell = os.pipe()
    if program := os.fork():
        os.close(tell)
        failed = _read(told, 1 << 16)
        os.write(2, SPEAKS + (failed or celled.BORN))
        if failed:
            os._exit(127)
        _mind_the_line()
        celled.keep_house(program, 2)
    _become(plan, tell)


def _read(fd: int, size: int) -> bytes:
    """Read so many bytes, or fewer where there are no more."""
    data = b""
    while len(data) < size and (more := os.read(fd, size - len(data))):
        data += more
    return data


def _mind_the_line() -> None:
    import threading  # noqa: PLC0415  (a launcher that makes no such cell has no use for it)

    def listen() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()


def _become(plan: dict[str, Any], tell: int) -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(1, 2)
    os.dup2(tell, forked.TOLD, inheritable=False)
    os.closerange(forked.TOLD + 1, 64)
    step = "cwd"
    try:
        os.chdir(plan["cwd"])
        step = "cell"
        forked.reset_signals()
        locked.lock({**plan["cell"], "uid": None})
        step = "exec"
        os.execvpe(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606  (what it is for)
    except OSError as error:
        os.write(
            forked.TOLD, json.dumps({"step": step, "errno": error.errno, "error": error.strerror}).encode() + b"\n"
        )
    os._exit(127)


if __name__ == "__main__":
    _begin()
