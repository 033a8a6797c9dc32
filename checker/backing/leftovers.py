"""End a server that outlived the checker that started it, before its folder is removed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from pathlib import Path

from checker.wait import until

__all__ = ["end_leftover"]

SEGMENTS = Path("/proc/sysvipc/shm")


def end_leftover(folder: Path) -> None:
    """Kill the server whose data is in the abandoned ``folder``, and free its shared memory segment, if any is left.

    What the folder says is not believed: the process must run as the folder's owner and name the folder, the segment
    must be that owner's and used by nobody.
    """
    for pidfile in (folder / "data" / "postmaster.pid", folder / "server.pid"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = pidfile.read_text().splitlines()
            _end(int(lines[0]), folder)
            if _is_there(segment := int(lines[6].split()[1])):
                _free(segment, folder.stat().st_uid)


def _end(pid: int, folder: Path) -> None:
    process = Path("/proc") / str(pid)
    with contextlib.suppress(OSError):
        named = str(folder).encode() in (process / "cmdline").read_bytes()
        if named and process.stat().st_uid == folder.stat().st_uid:
            os.kill(pid, signal.SIGQUIT)
            until(lambda: not process.exists(), within=2.0)


def _free(segment: int, owner: int) -> None:
    if until(lambda: _is_idle(segment, owner), within=1.0):
        ctypes.CDLL(None).shmctl(segment, 0, None)  # IPC_RMID


def _is_there(segment: int) -> bool:
    return any(int(row[1]) == segment for row in _segments())


def _is_idle(segment: int, owner: int) -> bool:
    return any(int(row[1]) == segment and row[6] == "0" and int(row[7]) == owner for row in _segments())


def _segments() -> list[list[str]]:
    return [line.split() for line in SEGMENTS.read_text().splitlines()[1:]]  # key id perms size cpid lpid nattch uid …
