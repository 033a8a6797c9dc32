"""The tester of one submission: enters its sandbox, runs the checks, and says what it sees as it sees it.

What it says are JSON lines, because it may be killed at any moment, and what it has seen by then still counts:

    {"stages": [["public", {head}, [["01:test_x", {late}, {unreached}], …]], …]}     what is to come, and what is said
    {"stage": "public"}                                            of checks that come to no end
    {"now": "01:test_x"}                       what runs from now on; null: nothing does
    {"key": "01:test_x", "check": {…}}         one check of results.json
    {"ended": {"duration": …, "environment": {…}}}
    {"broken": {…}} or {"lacking": {…}}        a message: the stage came to nothing, by our fault or the machine's
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.course import write_tree
from checker.errors import Blocked, LearnerFault, SeamworkError
from checker.grader.judging.lived import Lived
from checker.grader.judging.private import checks_in, private_lab, titled
from checker.grader.judging.sayings import Sayer, fallen, late, planned, unreached
from checker.grader.judging.work import UNSAFE
from checker.grader.sandbox.sandbox import Sandbox
from checker.language import translator
from checker.outcome import CheckResult
from checker.runtime.ground import Ground
from checker.session import check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.course import Lab
    from checker.grader.judging.lived import Kept
    from checker.grader.judging.work import Work
    from checker.runtime.launcher import Twin

__all__ = ["Tester"]

FORKING = ("forked", UNSAFE)
"""The kinds of sandbox in which services are forked from what is loaded."""
TICK = 0.1
"""Seconds between two looks at which check runs."""


@dataclass(frozen=True)
class _Stage:
    """One run of checks. ``shown`` is what leaves the tester of a result."""

    name: str
    lab: Lab
    plan: Sequence[CheckResult]
    shown: Callable[[CheckResult], dict[str, Any]]
    earlier: bool = False


class Tester:
    """Of one ``work``.

    ``twins``: launchers that nobody uses yet, one for each stage at the most; ``scratch``: a folder of this submission
    alone; ``tell``: the descriptor that is written to.
    """

    def __init__(self, work: Work, course: Kept, slot: int, twins: Sequence[Twin], scratch: Path, tell: int) -> None:
        self._work, self._slot, self._twins, self._scratch = work, slot, list(twins), scratch
        self._course = Lived(course, work.trees)
        self._lab = self._course.lab(work.key.lab)
        self._sayer = Sayer(self._lab.name, work.key.seed, work.lang, translator(work.lang))
        self._tell, self._one = tell, threading.Lock()

    def run(self) -> None:
        """Run all there is to run. Called by a process of its own, which has one thread."""
        tempfile.tempdir = str(self._scratch)
        with ExitStack() as stack:
            sandbox = None
            if self._work.sandbox != UNSAFE:
                sandbox = stack.enter_context(Sandbox(kind=self._work.sandbox, slot=self._slot))
            stages = [self._public(), *self._private()]
            self._say(stages=[[each.name, self._sayer.head(_now()), list(self._plan(each))] for each in stages])
            for each in stages:
                self._run(each, sandbox)

    def _public(self) -> _Stage:
        labs = [lab for lab in self._course.labs if lab.number <= self._lab.number]
        return _Stage("public", self._lab, planned(labs), self._sayer.check, earlier=True)

    def _private(self) -> Iterator[_Stage]:
        """Yield the instructor's checks, if there are any. They do not lie there while others run."""
        if not self._work.private:
            return
        folder = self._scratch / "private"
        write_tree(self._work.private, folder)
        lab, titles = private_lab(folder, self._lab), checks_in(folder, self._lab)
        plan = planned([lab])
        shutil.rmtree(folder)

        def shown(check: CheckResult) -> dict[str, Any]:
            title = titles[check.name.partition("[")[0]].claim
            return titled(self._sayer.check(check), title.get(self._work.lang) or title.get("en") or check.name)

        yield _Stage("private", lab, plan, shown)

    def _run(self, stage: _Stage, sandbox: Sandbox | None) -> None:
        """Run a stage on systems, databases and files that nobody has used."""
        self._say(stage=stage.name)
        tree = self._scratch / stage.name / "tree"
        try:
            write_tree(self._work.trees["tree"], tree)
            if stage.name == "private":
                write_tree(self._work.private, stage.lab.folder)
            self._say(ended=self._checked(stage, sandbox, tree))
        except LearnerFault as fault:
            for one in fallen(stage.plan, fault, tree):
                self._say(key=self._key(stage, one), check=stage.shown(one))
            self._say(ended={})
        except SeamworkError as fault:
            self._say(**{"lacking" if isinstance(fault, Blocked) else "broken": _message(fault)})

    def _checked(self, stage: _Stage, sandbox: Sandbox | None, tree: Path) -> dict[str, Any]:
        cold = self._work.sandbox not in FORKING
        twin = self._twins.pop() if self._twins else None
        with Ground(self._course, sandbox=sandbox, cold=cold, twin=twin) as ground, self._watched(ground):
            found = check(
                ground,
                stage.lab,
                tree,
                seed=self._work.key.seed,
                earlier=stage.earlier,
                on_result=lambda one: self._say(now=None, key=self._key(stage, one), check=stage.shown(one)),
            )
            environment = {**found.environment, "sandbox": self._work.sandbox}
        return {"duration": found.duration, "environment": environment}

    def _plan(self, stage: _Stage) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        for one in stage.plan:
            stopped = late(one, self._work.limits)
            yield self._key(stage, one), stage.shown(stopped), stage.shown(unreached(one))

    def _key(self, stage: _Stage, check: CheckResult) -> str:
        """Return what the ledger calls a check: "01:test_x"."""
        numbers = {lab.name: lab.number for lab in (*self._course.labs, stage.lab)}
        return f"{numbers[check.lab]}:{check.name}"

    @contextmanager
    def _watched(self, ground: Ground) -> Iterator[None]:
        """Say which check runs, so that somebody else can hold it to its time."""
        over = threading.Event()

        def watch() -> None:
            last = None
            while not over.wait(TICK):
                if (now := ground.ledger.check) != last:
                    self._say(now=now)
                    last = now

        watcher = threading.Thread(target=watch, name="watcher", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _say(self, **event: Any) -> None:
        data = json.dumps(event).encode() + b"\n"
        with self._one:
            while data:
                data = data[os.write(self._tell, data) :]


def _message(error: SeamworkError) -> dict[str, Any]:
    values = {name: str(value) for name, value in error.values.items()}
    return {"id": error.message, "move": error.move, "values": values}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
