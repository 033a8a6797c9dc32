"""Put the shop up: a supervisor in a process of its own, which outlives the terminal, and wait until all is ready."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from checker.errors import N_, EngineFault
from checker.session.up_state import State, error_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.course import Workspace
    from checker.session.up_options import Options

__all__ = ["start_up"]

LOG = Path("runs", "up", "supervisor.log")
LAST = 5
"""Lines of its log that are shown when it ended without a word."""


def start_up(space: Workspace, options: Options) -> State:
    """Start the supervisor and return the state of the shop once every service is ready.

    Raises what stopped it: LearnerFault where a service does not start, UsageError where one is starting already.
    An interrupt takes down what has been started.
    """
    log = space.path / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    incoming, outgoing = os.pipe()
    with os.fdopen(incoming, "rb") as pipe:
        told = _Told(pipe)
        try:
            try:
                _launch(space, options, log, outgoing)
            finally:
                os.close(outgoing)
            return _ready(told, log)
        except KeyboardInterrupt:
            told.take_back()
            raise


def _launch(space: Workspace, options: Options, log: Path, pipe: int) -> None:
    asked = {"workspace": str(space.path), "course": str(space.course.root), "options": asdict(options), "pipe": pipe}
    with log.open("wb") as output:
        subprocess.run(
            [sys.executable, "-I", str(Path(__file__).with_name("up_main.py")), json.dumps(asked)],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[pipe],
            start_new_session=True,
        )


def _ready(told: _Told, log: Path) -> State:
    for message in told:
        if "error" in message:
            raise error_from(message["error"])
        if "state" in message:
            return State.of(message["state"])
    raise EngineFault(
        N_("The shop's supervisor ended without a word: {said}"),
        N_("Its log is {log}; please report it."),
        said=" / ".join(log.read_text("utf-8", errors="replace").splitlines()[-LAST:]) or "-",
        log=str(log),
    )


class _Told:
    """What the supervisor tells by the pipe; it ends when that is ready, or has taken everything down."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._pid = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self._pipe:
            message = json.loads(line)
            self._pid = message.get("pid", self._pid)
            yield message

    def take_back(self) -> None:
        """End the supervisor, if it has begun, and wait until nothing is left of it."""
        self._end()
        for message in self:
            if "pid" in message:
                self._end()

    def _end(self) -> None:
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
