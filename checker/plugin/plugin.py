"""Collect, gate, run, judge: one lab's checks on one stage."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from checker.course import Lab
from checker.errors import N_, EngineFault
from checker.ledger import Exchange
from checker.outcome import CheckResult, Message, Outcome
from checker.plugin.compared import compared
from checker.plugin.fixtures import fixtures_for
from checker.plugin.gate import Gate, selected
from checker.plugin.judge import Judgement, judge
from checker.runtime.stage import Stage

__all__ = ["Plugin", "run_checks"]

INI = Path(__file__).with_name("checks.ini")
TAIL = 8
"""Log lines shown of a process that is part of a failure."""

LIFECYCLE = re.compile(
    r"INFO: +(?:Started|Finished) server process|INFO: +Waiting for (?:application|connections|background)"
    r"|INFO: +Application (?:startup|shutdown) complete|INFO: +Uvicorn running on|INFO: +Shutting down"
)
"""What uvicorn says on starting and on stopping: of a service that is up, it fills the last lines and tells nothing."""

SERVER_ERROR = 500
MEND = N_("Mend that first.")

WIRE = 400
"""Exchanges kept of a check: the first and the last of them."""

PASSED = Judgement(Outcome.PASSED)


class Plugin:
    """One run: ``labs`` with their checks, on ``stage``. ``results`` fills up as they end."""

    def __init__(
        self,
        stage: Stage,
        labs: Sequence[Lab],
        *,
        only: Sequence[str] = (),
        replaced: Sequence[str] = (),
        on_result: Callable[[CheckResult], None] = lambda _: None,
        shuffled: bool = False,
    ) -> None:
        self.results: list[CheckResult] = []
        self._stage = stage
        self._last = labs[-1]
        self._labs = {(lab.folder / "checks").resolve(): lab for lab in labs}
        self._only = tuple(only)
        self._replaced = frozenset(replaced)
        self._on_result = on_result
        self._shuffled = shuffled
        self._gate = Gate()
        self._judged: Judgement = PASSED
        self._began = 0.0
        self.fault: BaseException | None = None
        self._told: list[tuple[BaseException, Judgement]] = []

    # What runs, and in which order

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep what was asked for, and what that builds on."""
        if self._shuffled:
            self._stage.rng("order").shuffle(items)
        kept = selected(items, self._key, self._only, self._replaced)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
        self._stage.expect(
            [_wanted(item) for item in kept],
            [marker.args[0] for item in kept for marker in item.iter_markers("contract")],
            monolith=any("monolith" in item.fixturenames for item in kept if isinstance(item, pytest.Function)),
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say that it is our fault when checks cannot even be read."""
        if report.failed:
            raise EngineFault(
                N_("The checks in {path} cannot be read: {error}"),
                N_("This is a fault of the course, not of yours."),
                path=report.nodeid,
                error=report.longreprtext[-2000:],
            )

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Keep what stopped the run, for the one who asked for it; pytest prints nothing."""
        self.fault = excinfo.value
        return True

    # One check

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a check from arrange to verdict."""
        self._judged, self._began = PASSED, time.perf_counter()
        self._stage.begin(self._key(item))
        ended = yield
        self._report(item)
        return ended

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop a check that builds on one that did not pass."""
        self._gate.admit(item, self._key(item))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Hold a check that passed to its preconditions, and ourselves to what we broke."""
        if item.get_closest_marker("timing") is not None:
            self._stage.settle()
        try:
            yield
        finally:
            self._stage.hold_ours()
        self._stage.preconditions()

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str]:
        """Show of a comparison what differs."""
        return [compared(op, left, right)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Judge what each phase raised; the first that raised decides. pytest's own long report is never made."""
        if call.excinfo is not None and self._judged.outcome is Outcome.PASSED:
            replied = bool(self._stage.ledger.exchanges(check=self._key(item)))
            self._judged = self._once(call.excinfo.value, judge(call.excinfo, item.path.parent, replied=replied))
        outcome: Literal["passed", "failed"] = "passed" if call.excinfo is None else "failed"
        return pytest.TestReport(
            item.nodeid,
            item.location,
            {},
            outcome,
            None,
            call.when if call.when != "collect" else "setup",
            duration=call.duration,
        )

    def _once(self, error: BaseException, judged: Judgement) -> Judgement:
        """Judge what several checks stumble over, such as databases that cannot be made: the first one says it."""
        for told, first in self._told:
            if error is told:
                said = Message(N_("What this needs is not there, as said above."), MEND)
                return Judgement(Outcome.BLOCKED, said, blocked_by=first.blocks)
        self._told.append((error, judged))
        return judged

    # What came of it

    def _report(self, item: pytest.Item) -> None:
        lab, judged, outcome = self._lab(item), self._judged, self._judged.outcome
        meta = lab.check(item.name)
        self._gate.ended(self._key(item), judged)
        ledger = self._stage.ledger
        passed = outcome is Outcome.PASSED
        result = CheckResult(
            name=item.name,
            lab=lab.name,
            claim=meta.claim,
            outcome=outcome,
            message=judged.message,
            assertion=judged.assertion,
            expression=judged.expression,
            wire=_bounded(ledger.exchanges(check=self._key(item))),
            faults=ledger.faults(check=self._key(item)),
            logs={} if passed else self._logs(self._key(item), judged.message),
            why=meta.why,
            read=f"labs/{lab.name}#{meta.read}" if meta.read else "",
            place=lab.place(item.name),
            again=self._again(lab, item.name),
            seconds=time.perf_counter() - self._began,
            points=meta.points,
            detail=judged.detail,
            blocked_by=judged.blocked_by,
        )
        self._stage.end()
        self.results.append(result)
        self._on_result(result)

    def _again(self, lab: Lab, name: str) -> str:
        """Return the command that runs this check again, on the system that the run's lab describes."""
        which = _short(name) if lab is self._last else f"{lab.number}:{_short(name)} --all"
        return f"seamwork check {self._last.number} --only {which} --seed {self._stage.seed}"

    def _logs(self, check: str, message: Message | None) -> dict[str, list[str]]:
        """Return the last lines of who is named in the message, answered 5xx or not at all, or has ended of itself."""
        ledger = self._stage.ledger
        named = str(message.values.get("service", "")) if message else ""
        guilty = {
            e.callee
            for e in ledger.exchanges(check=check)
            if not e.fault and (e.status is None or e.status >= SERVER_ERROR)
        }
        talked = {*guilty, *self._stage.ended_badly}
        said = {
            name: [e.text for e in ledger.lines(name) if e.check == check and not LIFECYCLE.match(e.text)]
            for name in talked
        }
        said |= {name: [line.text for line in ledger.lines(name)] for name in (named, *self._stage.died) if name}
        return {name: lines[-TAIL:] for name, lines in said.items() if lines}

    def _lab(self, item: pytest.Item) -> Lab:
        return self._labs[item.path.parent.resolve()]

    def _key(self, item: pytest.Item) -> str:
        return f"{self._lab(item).number}:{item.name}"


def _bounded(wire: list[Exchange]) -> list[Exchange]:
    return wire if len(wire) <= WIRE else [*wire[: WIRE // 2], *wire[-WIRE // 2 :]]


def _short(name: str) -> str:
    return name.removeprefix("test_")


def _wanted(item: pytest.Item) -> tuple[dict[str, Any], bool]:
    marker = item.get_closest_marker("system")
    return (dict(marker.kwargs) if marker else {}), item.get_closest_marker("fresh") is not None


def run_checks(
    stage: Stage,
    labs: Sequence[Lab],
    *,
    only: Sequence[str] = (),
    replaced: Sequence[str] = (),
    on_result: Callable[[CheckResult], None] = lambda _: None,
    shuffled: bool = False,
) -> list[CheckResult]:
    """Run the labs' checks on the stage and return their results in the order in which they ran.

    Raises EngineFault when the checks themselves cannot be collected, KeyboardInterrupt when stopped.
    """
    plugin = Plugin(stage, labs, only=only, replaced=replaced, on_result=on_result, shuffled=shuffled)
    folders = [str(lab.folder / "checks") for lab in labs]
    with _nothing_of_theirs(folders):
        code = pytest.main([*_options(folders), *folders], plugins=[plugin, fixtures_for(stage)])
    if plugin.fault is not None:
        raise plugin.fault
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code == pytest.ExitCode.USAGE_ERROR:
        raise EngineFault(
            N_("The checks in {folders} cannot be read; what Python said is above."),
            N_("This is a fault of the course, not of yours."),
            folders=", ".join(folders),
        )
    if not plugin.results:
        raise EngineFault(
            N_("There was no check to run in {folders}."),
            N_("Were all that you asked for replaced by a later lab? seamwork list --checks shows them."),
            folders=", ".join(folders),
        )
    return plugin.results


def _options(folders: Sequence[str]) -> list[str]:
    quiet = [
        f"-pno:{name}"
        for name in (
            "terminal",
            "logging",
            "cacheprovider",
            "junitxml",
            "pastebin",
            "doctest",
            "unittest",
            "faulthandler",
            "stepwise",
            "unraisableexception",
            "threadexception",
            "recwarn",
            "warnings",
            "debugging",
            "nose",
            "setuponly",
            "setupplan",
        )
    ]
    root = os.path.commonpath(folders)
    return [
        "-c",
        str(INI),
        f"--rootdir={root}",
        f"--confcutdir={root}",
        "--import-mode=importlib",
        "--strict-markers",
        "--strict-config",
        "-s",
        *quiet,
    ]


@contextmanager
def _nothing_of_theirs(folders: Sequence[str]) -> Iterator[None]:
    """Keep PYTEST_* out, and forget the checks' modules afterwards: the next run reads them anew."""
    saved = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST_")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(tuple(folders)):
                del sys.modules[name]
        os.environ.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
        os.environ.update(saved)
