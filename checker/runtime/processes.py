"""Who is below whom, and who still lives: the process table, for the launcher.

Standard library only: this runs under the learner's interpreter, loaded by path.
"""
# ruff: noqa: PTH123, PTH208  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

__all__ = ["LINUX", "descendants", "group_lives", "kill", "kill_descendants", "kill_group", "parent_of", "threads"]

LINUX = sys.platform == "linux"


def threads() -> int:
    """Count the threads of this process."""
    if LINUX:
        return len(os.listdir("/proc/self/task"))
    import threading  # noqa: PLC0415  (only where there is no /proc)

    return threading.active_count()


def kill(pid: int, number: int) -> None:
    """Send a signal to a process, if it is still there."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_group(leader: int, number: int) -> bool:
    """Send a signal to the group of that leader. Returns False when there is no such group (yet, or any more)."""
    try:
        os.killpg(leader, number)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def group_lives(leader: int) -> bool:
    """Whether that group has a member; one that waits to be reaped counts, on Linux."""
    try:
        os.killpg(leader, 0)
    except OSError:  # macOS says EPERM where only such are left
        return False
    return True


def parent_of(pid: int) -> int | None:
    """Return the parent of a process, None when there is no such process."""
    return _parents().get(pid) if not LINUX else _stat_parent(pid)


def _stat_parent(pid: int | str) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _parents() -> dict[int, int]:
    """Return the parent of every process on this machine that can be seen."""
    if LINUX:
        return {
            int(pid): parent
            for pid in os.listdir("/proc")
            if pid.isdigit() and (parent := _stat_parent(pid)) is not None
        }
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    return {int(pid): int(parent) for pid, parent in (line.split() for line in table.splitlines())}


def descendants(root: int) -> list[int]:
    """Return every process below ``root``, parents before their children."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(root, []))
    for pid in found:
        found += children.get(pid, [])
    return found


def kill_descendants(within: float) -> None:
    """SIGKILL every descendant of ours until there is none: on Linux the daemons among them came back to us."""
    deadline = time.monotonic() + within
    while (left := descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)
