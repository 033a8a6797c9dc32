"""The nursery: has loaded all that judging needs, and forks a tester for each submission: python -I -m checker.grader.judging.nursery_main FOLDER.

It hears a work at a time, pickled, on standard input; whatever comes while a tester lives means: end it, and then itself. On standard
output the tester speaks, and when it and all that it left are gone, so does the nursery: {"over": exit status, "said": …}.
It holds a slot of the machine's for as long as it lives.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from checker.course import root
from checker.grader.judging.lived import Kept
from checker.grader.judging.tester import FORKING, Tester
from checker.grader.judging.work import LENGTH, UNSAFE
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import seen
from checker.ledger import Ledger
from checker.runtime import processes
from checker.runtime.environment import environment_of, preload
from checker.runtime.launcher import Launcher
from checker.runtime.locked import call
from checker.runtime.procfile import Procfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.grader.judging.work import Work
    from checker.runtime.launcher import Twin

__all__ = ["main"]

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE = 4.0
"""Seconds for what a tester left to take itself down, before it is killed."""
TICK = 0.005
LOADED = "loaded"
"""Where a tester tells which modules it loaded."""
WORDS = 2000
"""Characters kept of what a tester said before it died."""


class _Room:
    """``folder``: where submissions are laid out, each for as long as it is judged."""

    def __init__(self, folder: Path, slot: int) -> None:
        self._folder, self._slot = folder, slot
        self._stack = ExitStack()
        self._warm: Launcher | None = None

    def judge(self, work: Work) -> None:
        """Have one submission judged."""
        course = _prepared(work.course, work.key.lab)
        twins = self._twins(work, course)
        scratch = Path(tempfile.mkdtemp(dir=self._folder))
        scratch.chmod(0o711)
        with open(scratch / "said", "w+b") as said:  # noqa: PTH123
            nursery, pid = os.getpid(), os.fork()
            if pid == 0:
                _be_tester(
                    lambda: Tester(work, course, self._slot, twins, scratch, _told(said.fileno())).run(),
                    scratch / LOADED,
                    nursery,
                )
            for twin in twins:
                twin.close()
            status = _ended(pid)
            self._clear()
            said.seek(max(0, said.seek(0, os.SEEK_END) - WORDS))
            words = said.read().decode(errors="replace")
        _load(scratch / LOADED)
        shutil.rmtree(scratch, ignore_errors=True)
        _tell({"over": status, "said": words})

    def close(self) -> None:
        """End what is kept warm."""
        self._stack.close()

    def _twins(self, work: Work, course: Kept) -> list[Twin]:
        """Fork a launcher for each stage, which holds no check, from one that has loaded what services import."""
        if work.sandbox not in FORKING:
            return []
        if self._warm is None:
            env = environment_of(Path(sys.executable))
            env = env if work.sandbox == UNSAFE else seen(env)
            modules = preload(Procfile.read(_procfile(course, work.key.lab, self._folder)))
            self._warm = self._stack.enter_context(Launcher(preload=modules, ledger=Ledger(), environment=env))
        return [self._warm.twin() for _ in range(2 if work.private else 1)]

    def _clear(self) -> None:
        """Let what the tester left take itself down, then see to it that nothing is left."""
        deadline = time.monotonic() + PATIENCE
        while left := self._left():
            if time.monotonic() > deadline:
                for pid in left:
                    processes.kill(pid, signal.SIGKILL)
            time.sleep(TICK)

    def _left(self) -> list[int]:
        own = self._warm.owner if self._warm else 0
        for pid in processes.descendants(os.getpid()):
            if pid != own:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
        return [pid for pid in processes.descendants(os.getpid()) if pid != own]


def _ended(pid: int) -> int:
    """Wait for the end of a tester, or bring it about when we are told anything, or nobody is there any more."""
    handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else -1
    watched = [0] if handle < 0 else [0, handle]
    while True:
        ready, _, _ = select.select(watched, [], [], None if handle >= 0 else 0.05)
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            break
        if 0 in ready:
            os.kill(pid, signal.SIGKILL)
            gone, status = os.waitpid(pid, 0)
            break
    if handle >= 0:
        os.close(handle)
    return os.waitstatus_to_exitcode(status)


def _be_tester(run: Callable[[], None], loaded: Path, nursery: int) -> NoReturn:
    """Run a tester in this process, which does not outlive the nursery."""
    known, code = set(sys.modules), 70
    try:
        if sys.platform == "linux":
            call("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() == nursery:
            run()
            loaded.write_text("\n".join(sys.modules.keys() - known), "utf-8")
            code = 0
    except BaseException:  # noqa: BLE001  (said, and then it ends)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _load(loaded: Path) -> None:
    """Load what a tester had to load: the next one finds it loaded. Checks, which lie nowhere on the path, are not."""
    if not loaded.is_file():
        return
    for name in loaded.read_text("utf-8").split():
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _told(said: int) -> int:
    """Take the tester's standard descriptors away, in the tester; return one to speak by."""
    tell = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(said, 1)
    os.dup2(said, 2)
    return tell


@cache
def _prepared(course: str, lab: str) -> Kept:
    """Read what every tester would read: it is there when they are forked."""
    found = Kept(Path(course) if course else root())
    last = found.lab(lab)
    for each in found.labs:
        if each.number <= last.number:
            _ = each.checks, each.headings, found.contract(each.number).openapi
            found.end(each)
    gc.collect()
    gc.freeze()
    return found


def _procfile(course: Kept, lab: str, folder: Path) -> Path:
    file = folder / "Procfile"
    file.write_bytes(course.end(course.lab(lab))["Procfile"].data)
    return file


def _tell(event: dict[str, object]) -> None:
    data = b"\n" + json.dumps(event).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def _read(size: int) -> bytes:
    found = b""
    while len(found) < size and (more := os.read(0, size - len(found))):
        found += more
    return found


def main(folder: Path) -> None:
    """Judge what comes in, one after the other, until nothing does."""
    if sys.platform == "linux":
        call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with slots.take() as slot:
        room = _Room(folder, slot)
        try:
            while len(head := _read(LENGTH.size)) == LENGTH.size:
                room.judge(pickle.loads(_read(LENGTH.unpack(head)[0])))  # noqa: S301  (from who started us)
        except BrokenPipeError:
            pass
        finally:
            room.close()
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
