"""A cell made by bubblewrap: what it is told to put up, and its first process, which is this file run as a script.

Standard library only, as the launcher is. The user is given up before bubblewrap begins; signals to the group are nothing to
it, so that they reach the program alone, as they would without a cell. Script: python -I -S boxed.py
"""
# ruff: noqa: PTH118, PTH120  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.runtime import celled, forked, locked
else:  # -I keeps our folder off the path, and so it shall be

    def _beside(name):  # noqa: ANN001, ANN202  (mypy reads the other branch)
        known = f"beside {name}"  # no import will find it under that name, and nobody loads it twice
        if known not in sys.modules:
            file = os.path.join(os.path.dirname(__file__), f"{name}.py")
            spec = importlib.util.spec_from_file_location(known, file)
            sys.modules[known] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[known])
        return sys.modules[known]

    celled, forked, locked = map(_beside, ("celled", "forked", "locked"))

__all__ = ["move_in"]

PLAN, TOLD, MINDED = 5, 3, 4
HERE = "/.cell"
"""Where the files that this script needs lie in a cell."""
NEEDED = ("boxed", "celled", "forked", "locked")
HEARD = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}


def move_in(request: Mapping[str, Any], tell: int, mind: int) -> NoReturn:
    """Become bubblewrap, whose first process becomes what ``request`` asks for. Raises OSError."""
    plan = _held(json.dumps({name: request[name] for name in ("argv", "env", "cwd", "cell")}).encode())
    forked.settle_in(request["output"], [tell, mind, plan], "/")
    cell = request["cell"]
    locked.drop_bounds()
    if cell["uid"] is not None:
        locked.drop_user(cell["uid"])
    locked.drop_privileges()
    locked.libc.prctl(1, int(signal.SIGKILL), 0, 0, 0)  # PR_SET_PDEATHSIG; what it was is gone with the user
    for number in HEARD:
        signal.signal(number, signal.SIG_IGN)
    for fd in (TOLD, MINDED, PLAN):
        os.set_inheritable(fd, True)
    argv = [cell["bubblewrap"], *_options(cell), "--", sys.executable, "-I", "-S", f"{HERE}/boxed.py"]
    os.execve(argv[0], argv, {"PATH": os.defpath})  # noqa: S606  (what it is for)
    raise AssertionError


def _held(data: bytes) -> int:
    fd = os.memfd_create("plan", 0)
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _options(cell: Mapping[str, Any]) -> Iterator[str]:
    yield from ("--die-with-parent", "--as-pid-1", "--unshare-user", "--disable-userns", "--hostname", "cell")
    yield from (f"--unshare-{name}" for name in ("pid", "ipc", "uts", "cgroup-try"))
    for how, source, target, options in cell["mounts"]:
        if how == "bind":
            yield from ("--bind", source, target)  # a mount that is read-only stays so
        elif how == "node":
            yield from ("--dev-bind", source, target)
        elif how == "tmpfs":
            given = dict(part.split("=") for part in options.split(","))
            yield from ("--perms", given["mode"].zfill(4), "--size", given["size"], "--tmpfs", target)
        elif how == "proc":
            yield from ("--proc", target)
        elif how == "link":
            yield from ("--symlink", source, target)
        elif how == "seal":
            yield from ("--remount-ro", target)
    here = os.path.dirname(__file__)
    for name in NEEDED:
        yield from ("--ro-bind", os.path.join(here, f"{name}.py"), f"{HERE}/{name}.py")
    yield from ("--remount-ro", "/")


def _begin() -> NoReturn:
    with open(PLAN, encoding="utf-8") as file:
        plan = json.load(file)
    os.set_inheritable(TOLD, False)
    os.write(MINDED, celled.BORN)
    if program := os.fork():
        os.closerange(0, MINDED)
        celled.keep_house(program, MINDED)
    os.close(MINDED)
    step = "cwd"
    try:
        os.chdir(plan["cwd"])
        step = "cell"
        forked.reset_signals()
        locked.lock({**plan["cell"], "uid": None})
        step = "exec"
        os.execvpe(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606  (what it is for)
    except OSError as error:
        os.write(TOLD, json.dumps({"step": step, "errno": error.errno, "error": error.strerror}).encode())
    os._exit(127)


if __name__ == "__main__":
    _begin()
