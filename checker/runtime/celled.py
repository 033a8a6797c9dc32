"""A cell: namespaces of a process's own, a root of its own, and a first process that keeps house; for the launcher's child.

Standard library only, as the launcher is. The first process of a pid namespace is in the group of the program it began:
signals to the group reach the program as they would without a cell, and leave the first process alone, which the kernel
shields from them (pid_namespaces(7)). It says how the program ended, reaps what comes to it, and when it is killed, all is.
"""
# ruff: noqa: PTH103, PTH118, PTH110, PTH211, PTH112, PTH120, PTH123, PTH208  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import struct
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.runtime import locked
else:  # -I keeps our folder off the path, and so it shall be

    def _beside(name):  # noqa: ANN001, ANN202  (mypy reads the other branch)
        known = f"beside {name}"  # no import will find it under that name, and nobody loads it twice
        if known not in sys.modules:
            file = os.path.join(os.path.dirname(__file__), f"{name}.py")
            spec = importlib.util.spec_from_file_location(known, file)
            sys.modules[known] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[known])
        return sys.modules[known]

    locked = _beside("locked")

__all__ = ["BORN", "ENDED", "enter", "fork", "furnish", "join", "keep_house", "twice"]

NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC, NEW_PID = 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH, PDEATHSIG = 2, 1
NAMESPACES = {"pids": NEW_PID, "mounts": NEW_NS, "ipc": NEW_IPC, "names": NEW_UTS, "cgroups": NEW_CGROUP}
BORN = b"b"
"""What the first process says before anything else."""
ENDED = struct.Struct("!i")
"""What it says of the program, once: its wait status."""
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}


def fork(cell: Mapping[str, Any]) -> int:
    """Fork, as os.fork does; the child is the first process of a pid namespace where the cell has one of its own."""
    if "pids" not in cell["namespaces"]:
        return os.fork()
    if twice(cell):
        return _fork_twice()
    ours = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        locked.call("unshare", NEW_PID)
        try:
            pid = os.fork()
        finally:  # in the child as well, which does not mind: it is where its children will be
            _back(ours)
        return pid
    finally:
        os.close(ours)


def twice(cell: Mapping[str, Any]) -> bool:
    """Whether the launcher cannot come back from where its children are to be born, so that another one goes.

    The namespace it is in is then not its own to enter: it belongs to root. Whoever goes leads the session.
    """
    return "pids" in cell["namespaces"] and os.geteuid() != 0


def _fork_twice() -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        locked.call("unshare", NEW_PID)
        first = os.fork()
    except OSError:
        os._exit(127)
    if first == 0:
        return 0
    os.closerange(0, 1 << 16)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(number, signal.SIG_IGN)
    locked.libc.prctl(PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    locked.drop_privileges()
    locked.unseen()
    code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    if code < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(code)


def _back(ours: int) -> None:
    if os.getpid() != 1:
        locked.call("setns", ours, NEW_PID)


def join(groups: Sequence[str]) -> None:
    """Join control groups, by the paths of their cgroup.procs."""
    for path in groups:
        with open(path, "w") as file:
            file.write("0")


def enter(namespaces: Sequence[int]) -> None:
    """Enter namespaces by descriptors, a user's first where there is one, and close these."""
    for fd in namespaces:
        locked.call("setns", fd, 0)
        os.close(fd)


def furnish(cell: Mapping[str, Any]) -> None:
    """Leave namespaces and root for those of the cell."""
    flags = 0
    for name in cell["namespaces"]:
        flags |= NAMESPACES[name] & ~NEW_PID
    locked.call("unshare", flags)
    if flags & NEW_NS:
        _build(cell["ground"], cell["mounts"])
    if flags & NEW_UTS:
        locked.call("sethostname", b"cell", 4)


def _build(ground: str, mounts: Sequence[Sequence[str]]) -> None:
    """Put up what is to be seen on the folder ``ground``, and let that be the root."""
    mount("none", "/", "", REC | PRIVATE)
    mount("cell", ground, "tmpfs", NOSUID | NODEV, "size=256k,nr_inodes=512,mode=755")
    for how, source, target, options in mounts:
        _put_up(how, source, ground + target, options)
    mount("none", ground, "", REMOUNT | BIND | RDONLY | NOSUID | NODEV)
    os.chdir(ground)
    locked.call("syscall", PIVOT_ROOT[os.uname().machine], b".", b".")
    locked.call("umount2", b".", DETACH)
    os.chdir("/")


def _put_up(how: str, source: str, target: str, options: str) -> None:
    if how == "link":
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(source, target)
    elif how in {"bind", "node"}:
        _make(target, folder=os.path.isdir(source))
        mount(source, target, "", BIND | REC)
    elif how == "tmpfs":
        _make(target, folder=True)
        mount("none", target, "tmpfs", NOSUID | NODEV, options)
    elif how == "proc":
        _make(target, folder=True)
        mount("proc", target, "proc", NOSUID | NODEV | NOEXEC)
    elif how == "seal":
        mount("none", target, "", REMOUNT | BIND | RDONLY | NOSUID)


def _make(target: str, *, folder: bool) -> None:
    if folder:
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "x"):
            pass


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Put one thing on another, as the system call of that name does. Raises OSError that names both."""
    try:
        locked.call("mount", source.encode(), target.encode(), kind.encode(), flags, options.encode())
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({source} on {target})") from None


def keep_house(program: int, tell: int) -> NoReturn:
    """Be the first process until nothing else is left in the cell."""
    locked.unseen()
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            os._exit(0)
        if pid == program:
            with contextlib.suppress(OSError):
                os.write(tell, ENDED.pack(status))
            _ask_others_to_end()


def _ask_others_to_end() -> None:
    """Tell those who left the program's group, and have heard of no end yet."""
    if os.getpid() != 1:  # what we see is not ours alone
        return
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]:
        with contextlib.suppress(OSError):
            if os.getpgid(pid) != os.getpgid(0):
                os.kill(pid, signal.SIGTERM)
