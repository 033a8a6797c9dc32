"""The one book of what was seen: exchanges on the wire, faults that were on, lines that were logged.

Thread-safe, in memory, bounded. Times are seconds since the ledger was opened.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Exchange", "Fault", "Ledger", "Line"]

EXCHANGES = 20_000
LINES = 20_000
BODY = 4_096
"""Caps: entries kept of each kind, and bytes kept of a body."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it. ``status`` and ``seconds`` are None while, or where, no reply came."""

    caller: str
    callee: str
    request: str  # "GET /orders/1"; for plain TCP "connection"
    at: float
    status: int | None = None
    seconds: float | None = None
    fault: str | None = None  # what we did to it: "hangs", "resets", "answers 503", ...
    note: str = ""  # what was odd: "closed before a reply", "not HTTP"
    sent: str = ""  # request body, as text, capped
    received: str = ""  # response body, as text, capped
    check: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was switched on, or off, on the edge to a service."""

    callee: str
    what: str  # "hangs", "healed", ...
    at: float
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line that a process wrote, without its line end, control characters taken out."""

    process: str
    text: str
    at: float
    check: str | None = None


@dataclass
class Ledger:
    """What went on, in the order in which it ended. ``check`` is stamped on what comes in."""

    check: str | None = None
    _exchanges: list[Exchange] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _lines: list[Line] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _zero: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Return the seconds since this ledger was opened."""
        return time.monotonic() - self._zero

    def exchange(self, exchange: Exchange) -> None:
        """Note an exchange. Past the cap the oldest go."""
        self._keep(self._exchanges, exchange, EXCHANGES)

    def fault(self, callee: str, what: str) -> None:
        """Note that a fault was switched on or healed."""
        self._keep(self._faults, Fault(callee, what, self.now(), self.check), EXCHANGES)

    def line(self, process: str, text: str) -> None:
        """Note a log line."""
        self._keep(self._lines, Line(process, text, self.now(), self.check), LINES)

    def exchanges(
        self, *, check: str | None = None, caller: str | None = None, callee: str | None = None, since: float = 0.0
    ) -> list[Exchange]:
        """Return the exchanges that match, oldest first."""
        with self._lock:
            found = list(self._exchanges)
        wanted = {"check": check, "caller": caller, "callee": callee}
        return [e for e in found if e.at >= since and all(v is None or getattr(e, k) == v for k, v in wanted.items())]

    def faults(self, *, check: str | None = None) -> list[Fault]:
        """Return the faults noted, oldest first."""
        with self._lock:
            return [f for f in self._faults if check is None or f.check == check]

    def lines(self, process: str | None = None, *, last: int | None = None) -> list[Line]:
        """Return the log lines of a process, oldest first; the ``last`` n of them."""
        with self._lock:
            found = [line for line in self._lines if process is None or line.process == process]
        return found if last is None else found[-last:]

    def clear(self) -> None:
        """Forget everything: a new run begins."""
        with self._lock:
            for entries in (self._exchanges, self._faults, self._lines):
                entries.clear()
            self.check = None

    def processes(self) -> Iterator[str]:
        """Name each process that has logged."""
        with self._lock:
            return iter(dict.fromkeys(line.process for line in self._lines))

    def _keep(self, entries: list[Any], entry: Any, cap: int) -> None:
        with self._lock:
            entries.append(entry)
            if len(entries) > cap:
                del entries[: len(entries) - cap]
