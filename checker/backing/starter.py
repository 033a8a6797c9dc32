"""Who starts our child processes: whatever is handed in, so that they die with the checker; plain subprocesses by default."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Protocol

from checker.backing.places import group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Started", "Starter", "SubprocessStarter", "as_user", "forget_at_the_end"]


class Started(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """The process id."""

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it lives."""

    def stop(self, grace: float = ...) -> None:
        """Send SIGTERM, and SIGKILL after ``grace`` seconds; return when it is gone. Idempotent."""


class Starter(Protocol):
    """Starts processes and takes care that none outlives the checker."""

    def start(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path, uid: int | None = None
    ) -> Started:
        """Start ``argv`` with exactly ``env`` in ``cwd``, as user ``uid`` (and that user's group) or as ourselves."""


class _Child:
    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self.pid = popen.pid

    @property
    def returncode(self) -> int | None:
        return self._popen.poll()

    def stop(self, grace: float = 2.0) -> None:
        if self._popen.poll() is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._popen.wait(grace)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._popen.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def forget_at_the_end(starter: Starter, folder: Path) -> None:
    """Have a starter that outlives us, as the launcher does, remove a folder once all is over; others cannot."""
    scratch = getattr(starter, "scratch", None)
    if scratch is not None:
        scratch(folder)


class SubprocessStarter:
    """Plain subprocesses: a process group each; on Linux the kernel kills them when the thread that started them ends.

    What they print is thrown away.
    """

    def start(
        self,
        name: str,  # noqa: ARG002  (a launcher files their output under it)
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        uid: int | None = None,
    ) -> Started:
        """Start ``argv``. Raises OSError when it cannot be started at all."""
        popen = subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509  (one system call, bound before the fork)
            **as_user(uid),
        )
        return _Child(popen)


def as_user(uid: int | None) -> dict[str, Any]:
    """Return what subprocess needs to run a program as user ``uid``, with that user's group and no other."""
    if uid is None or uid == os.geteuid():
        return {}
    return {"user": uid, "group": group_of(uid), "extra_groups": []}


def _die_with_parent() -> Callable[[], object] | None:
    if sys.platform != "linux":
        return None
    prctl, pdeathsig = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(pdeathsig, signal.SIGKILL, 0, 0, 0)
