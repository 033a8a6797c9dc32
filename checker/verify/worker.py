"""A worker process: a line of JSON in, a line of JSON out, on a ground that stays warm from job to job.

{"lab": "01-split", "tree": "/tmp/…", "cold": false, "passes": [{"only": [], "shuffled": false, "seed": 7}]}
{"lab": "01-split", "tree": "/tmp/…", "form": "solutions/01-split"}
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from checker.course import Course, Lab
from checker.errors import Blocked, SeamworkError
from checker.outcome import CheckResult, Message
from checker.runtime.ground import Ground
from checker.session import check
from checker.verify.form import form

__all__ = ["main"]

TAIL = 400
"""Characters shown of an unexpected error."""


class Desk:
    """Answers jobs on the course at ``root``; the warm ground is made when it is first needed."""

    def __init__(self, root: Path, backing: str) -> None:
        self._course = Course(root)
        self._backing = backing
        self._warm: Ground | None = None

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """Do a job. What goes wrong is part of the answer."""
        began = time.perf_counter()
        try:
            done = self._form(job) if "form" in job else self._runs(job)
        except SeamworkError as error:
            done = {"error": str(error), "undecided": isinstance(error, Blocked)}
        except Exception as error:  # noqa: BLE001  (one row's accident must not take the others along)
            self._close_warm()
            done = {"error": _accident(error), "undecided": True}
        return {**done, "seconds": round(time.perf_counter() - began, 3)}

    def close(self) -> None:
        """End everything that was started."""
        self._close_warm()

    def _form(self, job: dict[str, Any]) -> dict[str, Any]:
        faults = form(self._course.root, job["form"], Path(job["tree"]))
        return {"faults": [{"words": str(fault), "undecided": isinstance(fault, Blocked)} for fault in faults]}

    def _runs(self, job: dict[str, Any]) -> dict[str, Any]:
        lab, tree = self._course.lab(job["lab"]), Path(job["tree"])
        with self._ground(cold=job["cold"]) as ground:
            return {"runs": [_run(ground, lab, tree, each) for each in job["passes"]]}

    @contextmanager
    def _ground(self, *, cold: bool) -> Iterator[Ground]:
        if cold:
            with Ground(self._course, backing=self._backing, cold=True) as ground:
                yield ground
            return
        self._warm = self._warm or Ground(self._course, backing=self._backing, warm=True)
        yield self._warm

    def _close_warm(self) -> None:
        ground, self._warm = self._warm, None
        if ground is not None:
            ground.close()


def _run(ground: Ground, lab: Lab, tree: Path, each: dict[str, Any]) -> dict[str, Any]:
    results = check(ground, lab, tree, seed=each["seed"], only=each["only"], shuffled=each["shuffled"])
    return {"seed": results.seed, "said": [_said(result) for result in results.checks]}


def _said(result: CheckResult) -> dict[str, Any]:
    fault = result.message is not None and "fault" in result.message.values
    return {"check": result.name, "outcome": result.outcome.value, "words": _words(result), "unmet": fault}


def _words(result: CheckResult) -> str:
    said = _sentence(result.message) if result.message else ""
    return " ".join(part for part in (said, result.assertion and f"{result.assertion} ({result.expression})") if part)


def _sentence(message: Message) -> str:
    with suppress(LookupError, ValueError):
        return message.id.format(**message.values)
    return message.id


def _accident(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error}"[:TAIL] + f" ({Path(where.filename).name}, line {where.lineno})"


def main() -> None:
    """Answer until standard input ends; then, and on SIGTERM, leave nothing running."""
    replies = _private_output()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C: whoever started us tells us
    signal.signal(signal.SIGTERM, _stop)
    desk = Desk(Path(sys.argv[1]), sys.argv[2])
    try:
        for job in _jobs():
            replies.write(json.dumps(desk.answer(job)) + "\n")
            replies.flush()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        desk.close()


def _private_output() -> IO[str]:
    """Keep standard output to ourselves: what anybody prints goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return replies


def _jobs() -> Iterator[dict[str, Any]]:
    """Yield jobs as they come. A thread reads, so that the end of the input stops us in the middle of one, too."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(waiting.put,), daemon=True).start()
    while line := waiting.get():
        yield json.loads(line)


def _read(put: Callable[[str], None]) -> None:
    for line in sys.stdin:
        put(line)
    put("")
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once: what is being taken down is not interrupted
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
