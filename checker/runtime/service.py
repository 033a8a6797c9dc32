"""One process of the learner's system: started on a port that was handed out, ready when it answers, stopped for sure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from checker.runtime import probe, symptoms
from checker.runtime.launcher import GRACE, Launcher, Process
from checker.runtime.ports import KEEPS, ReservedPort

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checker.errors import ServiceFailed
    from checker.runtime.procfile import Entry
    from checker.runtime.walls import Walls

__all__ = ["READY", "Service", "launched"]

READY = 20.0
"""Seconds a service has to get ready."""
TRIES = 3
"""Starts of a service that finds its own port in use."""
EVERY = 0.004
"""Seconds between two looks at a port that is not open."""
AGAIN = 0.02
"""Seconds between two requests to a service that answered, and was not ready."""
PATIENCE = 2.0
"""Seconds that one request waits for its answer."""
LOOK = 0.25
"""Seconds between two looks at which ports it listens on instead."""
LOST = 4
"""Such looks after which a service that answers elsewhere will not come to its own port any more."""
UNREADY = 500
"""From this status on, an answer means: not ready."""


class Service:
    """A process started by its Procfile line. ``name`` is what its lines bear in the ledger.

    Its port stays the same while it is started again, except where that turned out to be in use.
    """

    def __init__(
        self, launcher: Launcher, name: str, entry: Entry, *, env: Mapping[str, str], cwd: Path, fork: bool = True
    ) -> None:
        self.name = name
        self._launcher, self._entry, self._env, self._cwd, self._fork = launcher, entry, dict(env), cwd, fork
        self._port = ReservedPort()
        self._process = self._launch()

    @classmethod
    def start(
        cls, launcher: Launcher, name: str, entry: Entry, *, env: Mapping[str, str], cwd: Path, fork: bool = True
    ) -> Self:
        """Start the command in ``cwd`` with the environment ``env`` and a PORT of its own; it need not be ready yet.

        ``fork``: fork it where that makes no difference. Raises ServiceFailed when there is no such command.
        """
        return cls(launcher, name, entry, env=env, cwd=cwd, fork=fork)

    @classmethod
    def run(
        cls,
        launcher: Launcher,
        name: str,
        entry: Entry,
        *,
        env: Mapping[str, str],
        cwd: Path,
        fork: bool = True,
        within: float = READY,
        must_succeed: bool = False,
        walls: Walls | None = None,
        report: Path | None = None,
    ) -> int:
        """Run a command to its end, such as a release. Returns its exit code; -n: ended by signal n.

        Raises ServiceFailed when there is no such command, when it has not ended ``within`` seconds, and with
        ``must_succeed`` when its exit code is not 0: then with what its last lines mean.
        """
        process = launched(launcher, name, entry, env, cwd, fork=fork, walls=walls, report=report)
        try:
            code = process.wait(within)
        finally:
            process.kill()
        if code is None or (must_succeed and code):
            raise symptoms.finished_badly(name, code, process.last_lines, within)
        return code

    @property
    def port(self) -> int:
        """The port it is told to listen on, on 127.0.0.1."""
        return self._port.number

    @property
    def environment(self) -> Mapping[str, str]:
        """What it is told, but for its PORT."""
        return self._env

    @property
    def process(self) -> Process:
        """What was started last."""
        return self._process

    @property
    def pid(self) -> int:
        """The process id; what the Procfile names runs under it, or below it where a shell reads the line."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its process, or any of its process group, lives."""
        return self._process.returncode is None

    def restart(self) -> None:
        """Start it again, on the same port; it need not be ready yet. Nothing happens when it lives."""
        if not self.alive:
            self._process = self._launch()

    def await_ready(self, within: float = READY) -> None:
        """Wait until GET /health is answered with anything below 500.

        Raises ServiceFailed, at once when it ended, that says what is the matter as far as that can be seen: a syntax
        error, a missing module or command, another port, a port in use, the answers, its last words.
        """
        deadline = time.monotonic() + within
        for tries_left in reversed(range(TRIES)):
            trouble = self._trouble(deadline, within)
            if trouble is None:
                return
            if not tries_left or self.alive or symptoms.port_taken(self._process.last_lines) not in {0, self.port}:
                raise trouble
            self._leave_port()
            self._process = self._launch()

    def signal(self, number: int) -> None:
        """Send a signal to its whole process group. Nothing happens to the dead."""
        self._process.signal(number)

    def kill(self) -> None:
        """SIGKILL it, its process group and its descendants; they are gone when this returns."""
        self._process.kill()

    def stop(self, grace: float = GRACE) -> None:
        """SIGTERM, after ``grace`` seconds SIGKILL, to its whole process group; return when that is gone. Idempotent."""
        self._process.stop(grace)

    def stop_soon(self, grace: float = GRACE) -> None:
        """Begin to stop it, and do not wait."""
        self._process.stop_soon(grace)

    def _launch(self) -> Process:
        if not KEEPS:
            self._port.let_go()
        return launched(
            self._launcher, self.name, self._entry, {**self._env, "PORT": str(self.port)}, self._cwd, fork=self._fork
        )

    def _leave_port(self) -> None:
        """Let go of a port that it could not have because we keep it; take another when that was not why."""
        if not self._port.kept:
            self._port = ReservedPort()
        self._port.let_go()

    def _trouble(self, deadline: float, within: float) -> ServiceFailed | None:
        """Wait for its readiness. Returns None when it is ready, or why it will not be."""
        answer: int | str = ""
        elsewhere = _Elsewhere(self.port, self.pid)
        while self.alive and time.monotonic() < deadline:
            try:
                said = probe.ask(self.port, timeout=min(PATIENCE, max(EVERY, deadline - time.monotonic())))
            except probe.Refused:
                if elsewhere.for_good():
                    break
                self._process.wait(EVERY)
                continue
            if isinstance(said, int) and said < UNREADY:
                return self._impostor(elsewhere)
            if not answer or said != probe.NOTHING:  # the last one of all may just have had no time left
                answer = said
            self._process.wait(AGAIN)
        if self._process.returncode is not None:
            return symptoms.ended_early(self.name, self._process.returncode, self._process.last_lines, self.port)
        found, lines = elsewhere.addresses(), self._process.last_lines
        return symptoms.never_ready(
            self.name, self.port, answer=str(answer), elsewhere=found, lines=lines, within=within
        )

    def _impostor(self, listening: _Elsewhere) -> ServiceFailed | None:
        """Tell whether it is somebody else that answers: in a cell, one service might play another."""
        if not self._process.confined or listening.right() or not self.alive:
            return None
        return symptoms.impostor(self.name, self.port)


class _Elsewhere:
    """Watches whether a service that does not listen on its port does so on another one."""

    def __init__(self, port: int, pid: int) -> None:
        self._port, self._pid = port, pid
        self._next = time.monotonic() + LOOK
        self._seen = 0

        self._right = {f"{host}:{port}" for host in ("127.0.0.1", "0.0.0.0", "[::]")}  # noqa: S104  (compared, not bound)

    def addresses(self) -> list[str]:
        return [address for address in symptoms.listening(self._pid) if address not in self._right]

    def right(self) -> bool:
        """Whether it listens where it is to."""
        return not self._right.isdisjoint(symptoms.listening(self._pid))

    def for_good(self) -> bool:
        """Whether it has answered GET /health elsewhere at each of the last looks."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + LOOK
        self._seen = self._seen + 1 if any(map(_answers, self.addresses())) else 0
        return self._seen >= LOST


def _answers(address: str) -> bool:
    try:
        answer = probe.ask(int(address.rpartition(":")[2]), timeout=LOOK)
    except probe.Refused:
        return address.startswith("[")  # it listens where 127.0.0.1 does not lead
    return isinstance(answer, int) and answer < UNREADY


def launched(
    launcher: Launcher,
    name: str,
    entry: Entry,
    env: Mapping[str, str],
    cwd: Path,
    *,
    fork: bool,
    walls: Walls | None = None,
    report: Path | None = None,
) -> Process:
    """Start a command of the Procfile, and go on. Raises ServiceFailed when there is no such command."""
    call = entry.call(env)
    try:
        return launcher.start(name, call.argv, call.env, cwd, fork=fork and not call.shell, walls=walls, report=report)
    except OSError as error:
        raise symptoms.no_such_command(
            name, str(error.filename or call.argv[0]), error.strerror or str(error)
        ) from None
