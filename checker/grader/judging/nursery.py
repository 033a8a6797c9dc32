"""The nursery from outside: sends it a work, hears what its tester says, and holds that to its time."""

from __future__ import annotations

import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from checker.grader.judging.heard import Heard
from checker.grader.judging.work import LENGTH
from checker.runtime import processes

if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO

    from checker.grader.judging.work import Limits, Work

__all__ = ["Nursery"]

CHUNK = 1 << 16
TICK = 0.25
"""Seconds between two looks at the clock."""
CLEARS = 20.0
"""Seconds that a nursery has to take down what its tester left; then it is ended as well."""
MOST = 64 << 20
"""Bytes that a tester may say."""
WORDS = 2000
"""Characters of a nursery's last words."""


class Nursery:
    """A context manager; its process is started when there is work, and anew when it was ended.

    ``cancelled``: once it is set, what runs is stopped.
    """

    def __init__(self, cancelled: threading.Event | None = None) -> None:
        self._cancelled = cancelled or threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._folder = ""
        self._input = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def attempt(self, work: Work) -> Heard:
        """Have a work judged once. Returns within its limit and a little.

        Whose tester had to be stopped has a new nursery next time: nobody knows whether this one has heard of it.
        """
        heard, stopped = Heard(), True
        try:
            self._send(work)
            stopped = self._listen(heard, work.limits)
        except OSError as error:
            heard.died = str(error)
        if not heard.over:
            heard.died = heard.died or "the nursery ended. " + self._last_words()
        if stopped or not heard.over:
            self.close()
        return heard

    def close(self) -> None:
        """End it and all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(CLEARS)
        except subprocess.TimeoutExpired:
            left = processes.descendants(process.pid)
            process.kill()
            process.wait()
            for pid in left:
                processes.kill(pid, signal.SIGKILL)
        if self._said:
            self._said.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        self._folder = tempfile.mkdtemp(prefix="seamwork-grade-", dir=_place())
        Path(self._folder).chmod(0o711)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._input = b""
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "checker.grader.judging.nursery_main", self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            bufsize=0,
            start_new_session=True,
        )

    def _send(self, work: Work) -> None:
        self._process = self._process or self._start()
        data = pickle.dumps(work)
        data = LENGTH.pack(len(data)) + data
        while data:
            data = data[os.write(_open(self._process.stdin), data) :]

    def _listen(self, heard: Heard, limits: Limits) -> bool:
        """Hear the tester out; end it when its time, or that of the check it runs, is over. Return whether it was ended."""
        clock = _Clock(limits)
        said, stopped = 0, None
        while not heard.over and (more := self._more()) is not None:
            said += len(more)
            for line in self._lines(more):
                heard.hear(line)
            if stopped is not None:
                if time.monotonic() > stopped + CLEARS:
                    return True
            elif clock.over(heard.now) or said > MOST or self._cancelled.is_set():
                stopped = time.monotonic()
                os.write(_open(self._process.stdin if self._process else None), b"!")
        if stopped is not None and heard.over:
            heard.stop(cancelled=self._cancelled.is_set())
        return stopped is not None

    def _more(self) -> bytes | None:
        """Return what was said meanwhile; None when nothing will be any more."""
        output = _open(self._process.stdout if self._process else None)
        if not select.select([output], [], [], TICK)[0]:
            return b""
        return os.read(output, CHUNK) or None

    def _lines(self, more: bytes) -> list[bytes]:
        *lines, self._input = (self._input + more).split(b"\n")
        return lines

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - WORDS))
        return self._said.read().decode(errors="replace").strip()


class _Clock:
    """Of one attempt: how long it has been judged, and how long the check that runs has run."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._begun = self._since = time.monotonic()
        self._check: str | None = None

    def over(self, check: str | None) -> bool:
        """Whether the time of the submission, or of this check, is over."""
        now = time.monotonic()
        if check != self._check:
            self._check, self._since = check, now
        limits = self._limits
        return now > self._begun + limits.submission or (check is not None and now > self._since + limits.check)


def _place() -> str:
    """Return where temporary files go: not where a sandbox puts a file system of its own."""
    usual = tempfile.gettempdir()
    return "/var/tmp" if Path(usual).is_relative_to("/dev/shm") else usual  # noqa: S108  (compared, and mkdtemp's)


def _open(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise BrokenPipeError
    return pipe.fileno()
