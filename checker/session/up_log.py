"""The log lines of the shop that is up: numbered for who follows them, and written to runs/up."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import deque
from typing import TYPE_CHECKING, TextIO

from checker.session.up_state import LogLines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.ledger import Ledger, Line

__all__ = ["Scribe"]

EVERY = 0.05
"""Seconds between two looks into the ledger."""
KEPT = 20_000
_FILE = re.compile(r"[\w-]+")


class Scribe:
    """Reads the ledger for as long as it lives, in a thread of its own. ``close()`` takes in what is left."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self._ledger, self._folder = ledger, folder
        self._lines: deque[tuple[int, Line]] = deque(maxlen=KEPT)
        self._files: dict[str, TextIO] = {}
        self._last: Line | None = None
        self._count = 0
        self._closing = threading.Event()
        self._reading = threading.Lock()
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="seamwork-scribe", daemon=True)
        self._thread.start()

    def lines(
        self, processes: Iterable[str] = (), *, after: int = 0, last: int | None = None, wait: float = 0.0
    ) -> LogLines:
        """Return lines later than number ``after``, of these processes or of all; the ``last`` n of them.

        Where there is none, wait up to ``wait`` seconds for one.
        """
        wanted = set(processes)
        with self._news:
            self._news.wait_for(lambda: self._count > after or self._closing.is_set(), wait)
            found = [(n, line) for n, line in self._lines if n > after and (not wanted or line.process in wanted)]
            kept = found if last is None else found[max(0, len(found) - last) :]
            return LogLines([(line.process, line.text) for _, line in kept], self._count)

    def caught_up(self) -> int:
        """Take in what there is by now, and return the number of the last line."""
        with self._reading:
            self._take(self._new())
        return self._count

    def close(self) -> None:
        """Take in what is left, and end. Doing so twice changes nothing."""
        self._closing.set()
        self._thread.join()
        with self._news:
            self._news.notify_all()
        for file in self._files.values():
            with contextlib.suppress(OSError):
                file.close()

    def _write(self) -> None:
        while not self._closing.wait(EVERY):
            self.caught_up()
        self.caught_up()

    def _new(self) -> list[Line]:
        """Return what came since the last line known, found by what it is: the ledger forgets, and is cleared."""
        lines = self._ledger.lines()
        start = next((n for n in range(len(lines), 0, -1) if lines[n - 1] is self._last), 0)
        return lines[start:]

    def _take(self, lines: list[Line]) -> None:
        if not lines:
            return
        self._last = lines[-1]
        with self._news:
            for line in lines:
                self._count += 1
                self._lines.append((self._count, line))
            self._news.notify_all()
        with contextlib.suppress(OSError):  # a full disk costs the files, not the shop
            self._file_away(lines)

    def _file_away(self, lines: list[Line]) -> None:
        for line in lines:
            if _FILE.fullmatch(line.process):
                if line.process not in self._files:
                    self._files[line.process] = (self._folder / f"{line.process}.log").open("w", encoding="utf-8")
                self._files[line.process].write(f"{line.at:9.3f}  {line.text}\n")
        for file in self._files.values():
            file.flush()
