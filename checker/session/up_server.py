"""The supervisor: holds the shop, answers those who ask over its socket, and starts processes again on every save."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.session.up_faults import Break
from checker.session.up_log import Scribe
from checker.session.up_shop import Shop
from checker.session.up_state import error_to
from checker.session.up_wire import Meeting, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from checker.course import Workspace
    from checker.session.up_options import Options

__all__ = ["LOGS", "Supervisor", "supervise"]

LOGS = Path("runs", "up")
"""Where the logs are, in the workspace."""
UNWATCHED = {"runs", ".git", ".venv", "__pycache__", "notebooks", ".ipynb_checkpoints"}
LOOKS = 500
"""Milliseconds that one look for changes takes when there is none."""
HEARD = 0.1
"""Seconds between two looks at what a process that was called has written."""
LONGEST = 5.0
"""Seconds that we wait for the watching to begin: a huge workspace is up before it is watched."""
WORDS = (".md", ".ipynb", ".log", ".pyc", "~", ".swp")
"""Endings of files that no process reads."""


class _Ended(BaseException):
    """A signal asks us to end."""


class Supervisor:
    """A shop with its log, and who asks it. ``ended`` is set when it is to end."""

    def __init__(self, space: Workspace, options: Options) -> None:
        logs = space.path / LOGS
        logs.mkdir(parents=True, exist_ok=True)
        for old in logs.glob("*.log"):
            if old.name != "supervisor.log":
                old.unlink(missing_ok=True)
        self.ended = threading.Event()
        self.shop = Shop(space, options)
        self.scribe = Scribe(self.shop.ground.ledger, logs)

    def serve(self, listener: socket.socket) -> None:
        """Answer whoever connects, each in a thread of its own, until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=self._meet, args=(sock,), daemon=True).start()

    def watch(self) -> threading.Event:
        """Start the processes anew whenever a file is saved, from when what is returned is set until the end."""
        watching = threading.Event()
        threading.Thread(target=self._watch, args=(watching,), daemon=True).start()
        return watching

    def _watch(self, watching: threading.Event) -> None:
        from watchfiles import watch  # noqa: PLC0415  (only where it is asked for)

        root = self.shop.space.path
        changes = watch(
            root,
            watch_filter=_is_code(root),
            debounce=200,
            step=50,
            stop_event=self.ended,
            rust_timeout=LOOKS,
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        for changed in changes:
            watching.set()  # the first look came back, whatever it saw
            if changed:
                self._reload()

    def _reload(self) -> None:
        try:
            self.shop.reload()
        except Exception:  # noqa: BLE001  (the next save is another chance)
            traceback.print_exc()  # into supervisor.log

    def close(self) -> None:
        """End all of it."""
        self.ended.set()
        try:
            self.shop.close()
        finally:
            self.scribe.close()

    def _meet(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, ValueError):
            if request := receive(sock):
                with contextlib.closing(self._answers(request)) as answers:
                    for answer in answers:
                        send(sock, answer)

    def _answers(self, request: dict[str, Any]) -> Generator[dict[str, Any]]:
        do = request.pop("do", "")
        try:
            if do == "run":
                yield from self._run(**request)
            else:
                yield {"answer": _ASKED[do](self, **request)}
        except Exception as error:  # noqa: BLE001  (whoever asked is told)
            yield {"error": error_to(error)}

    def _run(self, process: str) -> Generator[dict[str, Any]]:
        """Go through what a process writes, even where that is nothing: so it is noticed when nobody listens any more."""
        after = self.scribe.caught_up()
        with self.shop.calls(process) as called:
            code = None
            while code is None:
                code = called.wait(HEARD)
                self.scribe.caught_up()
                found = self.scribe.lines([called.name], after=after)
                after = found.upto
                yield {"lines": [text for _, text in found.lines]}
        yield {"answer": code}


def _state(self: Supervisor) -> Any:
    return self.shop.state().as_dict()


def _request(self: Supervisor, **asked: Any) -> Any:
    return self.shop.request(**asked).as_dict()


def _sql(self: Supervisor, service: str, query: str, login: str | None) -> Any:
    return self.shop.sql(service, query, login).as_dict()


def _streams(self: Supervisor) -> Any:
    return [each.as_dict() for each in self.shop.streams()]


def _stream(self: Supervisor, name: str, count: int) -> Any:
    return self.shop.stream(name, count).as_dict()


def _callable(self: Supervisor) -> Any:
    return self.shop.callable()


def _break(self: Supervisor, service: str, words: list[str], only: int | None, when: str) -> Any:
    return self.shop.breaks(service, Break.parse(words, only=only, when=when)).as_dict()


def _heal(self: Supervisor, service: str | None) -> Any:
    return self.shop.heals(service).as_dict()


def _logs(self: Supervisor, processes: list[str], after: int, last: int | None, wait: float) -> Any:
    found = self.scribe.lines(processes, after=after, last=last, wait=wait)
    return {"lines": found.lines, "upto": found.upto}


def _processes(self: Supervisor) -> Any:
    return list(dict.fromkeys([*self.shop.processes(), *self.shop.ground.ledger.processes()]))


def _restart(self: Supervisor) -> Any:
    self.shop.restart()
    return self.shop.state().as_dict()


def _stop(self: Supervisor) -> Any:
    self.ended.set()
    return os.getpid()


_ASKED: dict[str, Callable[..., Any]] = {
    "state": _state,
    "request": _request,
    "callable": _callable,
    "sql": _sql,
    "streams": _streams,
    "stream": _stream,
    "break": _break,
    "heal": _heal,
    "logs": _logs,
    "processes": _processes,
    "restart": _restart,
    "stop": _stop,
}


def supervise(space: Workspace, options: Options, ready: Callable[[Supervisor], None]) -> None:
    """Put the shop up, tell ``ready``, and hold it until somebody asks to stop, by socket or by a signal.

    Raises UsageError when it is up already, LearnerFault when it does not start. Runs in the main thread.
    """
    meeting = Meeting(space.path)
    with meeting.held(), _signals():
        supervisor = Supervisor(space, options)
        try:
            watching = supervisor.watch() if options.reload else None
            supervisor.shop.start()
            if watching is not None:
                watching.wait(LONGEST)
            _hold(supervisor, meeting, ready)
        except _Ended:
            pass
        finally:
            _deaf()
            supervisor.close()


def _hold(supervisor: Supervisor, meeting: Meeting, ready: Callable[[Supervisor], None]) -> None:
    with meeting.listen() as listener:
        threading.Thread(target=supervisor.serve, args=(listener,), daemon=True).start()
        ready(supervisor)
        supervisor.ended.wait()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _signals() -> Any:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, _end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: object) -> None:
    raise _Ended


def _deaf() -> None:
    """Nothing may interrupt the taking down."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _is_code(root: Path) -> Callable[[object, str], bool]:
    def wanted(_change: object, path: str) -> bool:
        return not path.endswith(WORDS) and not UNWATCHED & set(Path(path).relative_to(root).parts)

    return wanted
