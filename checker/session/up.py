"""The shop that is up, for whoever asks it: command line and notebook alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.errors import N_, EngineFault, UsageError
from checker.session.up_state import Answered, Rows, State, error_from
from checker.session.up_streams import Look, Stream
from checker.session.up_wire import Meeting, answers
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Up"]

STOPPED_WITHIN = 30.0
FOLLOWED = 2.0
"""Seconds that one look at the log waits for news."""


class Up:
    """What is up in a workspace. Each method raises UsageError, with the next move, when nothing is."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self._meeting = Meeting(workspace)

    @property
    def running(self) -> bool:
        """Whether a supervisor answers there."""
        sock = self._meeting.connect()
        if sock is not None:
            sock.close()
        return sock is not None

    def state(self) -> State:
        """Return how it is. Raises LearnerFault when a restart failed, and so nothing runs."""
        return State.of(self._ask("state"))

    def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> Answered:
        """Ask a service, as you; wait ``timeout`` seconds. ``body`` is sent as JSON. No reply is an answer as well."""
        asked = {"service": service, "method": method, "path": path, "headers": dict(headers or {}), "timeout": timeout}
        return Answered.of(self._ask("request", body=body, **asked))

    def run(self, process: str, said: Callable[[str], None]) -> int:
        """Run a process that is only called; the exit code, -n: ended by signal n. ``said`` is given each line of it.

        Raises UsageError for another process. Who is interrupted, or gone, has ended it.
        """
        return int(self._ask("run", said, process=process))

    def callable(self) -> list[str]:
        """Name the processes that are only called."""
        return list(self._ask("callable"))

    def sql(self, service: str, query: str, *, login: str | None = None) -> Rows:
        """Ask the database of a service, by its own login or by that of another service; what the last statement came to.

        Raises LearnerFault, with PostgreSQL's words, for what that says no to.
        """
        return Rows.of(self._ask("sql", service=service, query=query, login=login))

    def streams(self) -> list[Stream]:
        """Return which streams its broker has. Raises UsageError in a lab without a broker."""
        return [Stream.of(each) for each in self._ask("streams")]

    def stream(self, name: str, count: int) -> Look:
        """Look at a stream, and the newest ``count`` of its entries. Raises UsageError for one that there is not."""
        return Look.of(self._ask("stream", name=name, count=count))

    def breaks(self, service: str, words: Sequence[str], *, only: int | None = None, when: str = "") -> State:
        """Break a service as its neighbours see it: ``["answers", "503"]``. Raises UsageError for what is no way to."""
        return State.of(self._ask("break", service=service, words=list(words), only=only, when=when))

    def heals(self, service: str | None = None) -> State:
        """Take every fault back, or those on one service."""
        return State.of(self._ask("heal", service=service))

    def restart(self) -> State:
        """Begin again, from new databases. Raises LearnerFault when it does not start."""
        return State.of(self._ask("restart"))

    def processes(self) -> list[str]:
        """Name the processes of the learner's that have run, releases among them."""
        return list(self._ask("processes"))

    def lines(self, processes: Sequence[str] = (), *, last: int | None = None) -> list[tuple[str, str]]:
        """Return what they wrote, as (process, line), oldest first."""
        return next(self._looks(processes, last))

    def follow(self, processes: Sequence[str] = (), *, last: int | None = None) -> Iterator[tuple[str, str]]:
        """Go through what they wrote, and write, until the shop goes down."""
        for lines in self._looks(processes, last):
            yield from lines

    def stop(self) -> None:
        """Take everything down, and return when it is."""
        pid = int(self._ask("stop"))
        if not until(lambda: self._meeting.free, within=STOPPED_WITHIN):
            raise EngineFault(
                N_("The shop's supervisor, process {pid}, did not end within {seconds:g} s."),
                N_("End it: kill -9 {pid}; what it started ends with it."),
                pid=pid,
                seconds=STOPPED_WITHIN,
            )

    def _looks(self, processes: Sequence[str], last: int | None) -> Iterator[list[tuple[str, str]]]:
        after, wait = 0, 0.0
        while True:
            found = self._ask("logs", processes=list(processes), after=after, last=last, wait=wait)
            yield [(process, text) for process, text in found["lines"]]
            after, last, wait = found["upto"], None, FOLLOWED

    def _ask(self, do: str, said: Callable[[str], None] = lambda _: None, /, **what: Any) -> Any:
        sock = self._meeting.connect()
        if sock is None:
            raise _down(self.workspace)
        with sock:
            for told in answers(sock, {"do": do, **what}):
                if "error" in told:
                    raise error_from(told["error"])
                if "answer" in told:
                    return told["answer"]
                for text in told["lines"]:
                    said(text)
        raise _down(self.workspace)


def _down(workspace: Path) -> UsageError:
    return UsageError(N_("The shop of {workspace} is not up."), N_("Put it up: seamwork up"), workspace=workspace)
