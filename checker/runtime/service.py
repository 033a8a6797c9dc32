"""One process of the learner's system: started on a port that was handed out, ready when it answers, stopped for sure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from checker.errors import ServiceFailed
from checker.evidence.ports import Port
from checker.ledger import Ledger
from checker.runtime import probe, symptoms
from checker.runtime.launcher import GRACE, Launcher, Process
from checker.runtime.procfile import Call, Entry

__all__ = ["READY", "Service"]

READY = 20.0
"""Seconds a service has to get ready."""
ATTEMPTS = 3
"""Ports that are tried when a service finds its own in use."""
EVERY = 0.004
"""Seconds between two looks at whether a port is open."""
PATIENCE = 2.0
"""Seconds that a single probe waits for a reply."""
ELSEWHERE = 1.0
"""Seconds after which a service that answers on another port will not come to its own any more."""
UNREADY = 500
"""From this status on an answer means: not ready."""
HOLDS = Port.can_be_shared
"""Whether the port stays ours while the service listens on it."""


class Service:
    """A service of the learner's, or a helper beside one. ``name`` is its name in the ledger.

    ``environment`` is what it sees, PORT excepted. ``port`` is its own from the beginning and stays while it is
    started again, except where it turned out to be in use.
    """

    def __init__(
        self,
        launcher: Launcher,
        entry: Entry,
        *,
        workspace: Path,
        environment: Mapping[str, str],
        ledger: Ledger,
        name: str | None = None,
        fork: bool = True,
    ) -> None:
        self.name = name or entry.name
        self.process: Process | None = None
        self._launcher, self._entry, self._workspace, self._fork = launcher, entry, workspace, fork
        self._environment, self._ledger = dict(environment), ledger
        self._port = Port("127.0.0.1", 0)
        self._held = True
        self._since = 0  # lines it had logged when it was last started

    @property
    def port(self) -> int:
        """The port it is told to listen on."""
        return self._port.number

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether its process, or any of its group, lives."""
        return self.process is not None and self.process.returncode is None

    def start(self) -> None:
        """Start its process; nothing happens when it lives. Raises ServiceFailed when there is no such command."""
        if self.alive:
            return
        self._since = len(self._ledger.lines(self.name))
        call = self._call()
        if not HOLDS:
            self._let_go()
        try:
            self.process = self._launcher.start(self.name, call.argv, call.env, self._workspace, fork=self._fork)
        except OSError as error:
            raise symptoms.no_such_command(self.name, str(error.filename or call.argv[0]), error.strerror or str(error)) from None

    def _call(self) -> Call:
        return self._entry.call({**self._environment, "PORT": str(self.port)})

    def await_ready(self, within: float = READY) -> None:
        """Start it if need be and wait until GET /health is answered with anything below 500.

        Raises ServiceFailed that says what is the matter: it ended, listens elsewhere, never answered.
        """
        deadline = time.monotonic() + within
        for attempt in range(ATTEMPTS):
            self.start()
            trouble = self._wait_ready(deadline, within)
            if trouble is None:
                return
            if attempt + 1 == ATTEMPTS or symptoms.port_taken(self._lines()) != self.port:
                raise trouble
            self._another_port()

    def _wait_ready(self, deadline: float, within: float) -> ServiceFailed | None:
        answer: int | str = ""
        looks = _Elsewhere(self.port)
        while True:
            if self.process is None or (code := self.process.returncode) is not None:
                return symptoms.ended_early(self.name, code or 0, self._lines(), self.port)
            ...
'''
