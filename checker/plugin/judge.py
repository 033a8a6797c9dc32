"""From what a check raised to an outcome: who is at fault, and what the learner is told."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest._code import Traceback

from checker.errors import N_, Blocked, LearnerFault, SeamworkError, Unshown
from checker.outcome import BlockedBy, Message, Outcome

__all__ = ["Judgement", "judge"]

WIDTH = 300
SLIPS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a check's own line raises when the value it was handed has another form than the contract's."""


@dataclass(frozen=True)
class Judgement:
    """An outcome with its words: see :class:`checker.outcome.CheckResult`."""

    outcome: Outcome
    message: Message | None = None
    assertion: str = ""
    expression: str = ""
    detail: str = ""
    blocked_by: BlockedBy | None = None

    @property
    def blocks(self) -> BlockedBy:
        """Whose doing it is that what builds on this one is blocked."""
        return self.blocked_by or (BlockedBy.WORK if self.outcome is Outcome.FAILED else BlockedBy.OURS)


def judge(raised: pytest.ExceptionInfo[BaseException], checks: Path, *, replied: bool) -> Judgement:
    """Judge what was raised while a check from the folder ``checks`` ran.

    ``replied`` says that the learner's system had answered this check: then a slip over a value in the
    check's own lines is the value's fault. Anything unknown is ours.
    """
    error = raised.value
    if isinstance(error, LearnerFault):
        return Judgement(Outcome.FAILED, _message(error))
    if isinstance(error, Blocked):
        by = BlockedBy.WORK if isinstance(error, Unshown) else BlockedBy.OURS
        return Judgement(Outcome.BLOCKED, _message(error), blocked_by=by)
    if isinstance(error, SeamworkError):
        return Judgement(Outcome.BROKEN, _message(error), detail=_traceback(raised))
    if isinstance(error, AssertionError) and (_last_line_in(raised, checks) or not _is_ours(raised)):
        return _failed_assertion(raised, error, checks)
    if isinstance(error, SLIPS) and replied and _last_line_in(raised, checks):
        return Judgement(Outcome.FAILED, _slip(error), assertion=_statement(raised, checks))
    return Judgement(Outcome.BROKEN, _unknown(error), detail=_traceback(raised))


def _message(error: SeamworkError) -> Message:
    return Message(error.message, error.move, dict(error.values))


def _slip(error: BaseException) -> Message:
    return Message(
        N_("A value in a reply has another form than the contract says: {error}"),
        N_("Compare the reply on the wire with labs/contract/openapi.yaml."),
        {"error": _one_line(error)},
    )


def _unknown(error: BaseException) -> Message:
    return Message(
        N_("The checker itself stumbled: {kind}: {error}"),
        N_("This does not count against you. The details are in runs/latest/report.html; please report them."),
        {"kind": type(error).__name__, "error": _one_line(error)},
    )


def _failed_assertion(raised: pytest.ExceptionInfo[BaseException], error: AssertionError, checks: Path) -> Judgement:
    text = str(error)
    if text.startswith("assert "):
        return Judgement(
            Outcome.FAILED, assertion=text.splitlines()[0][:WIDTH], expression=_expression(_statement(raised, checks))
        )
    said = Message("{text}", values={"text": text[: 4 * WIDTH]})
    return Judgement(Outcome.FAILED, said, assertion=_statement(raised, checks))


def _expression(statement: str) -> str:
    """Return what was compared, as written: the left side of ``assert left == right``."""
    try:
        asserted = ast.parse(statement).body[0]
    except (SyntaxError, IndexError):
        return ""
    if not isinstance(asserted, ast.Assert):
        return ""
    left = asserted.test.left if isinstance(asserted.test, ast.Compare) else asserted.test
    return "" if isinstance(left, ast.Constant) else ast.unparse(left)[:WIDTH]


def _entries_in(raised: pytest.ExceptionInfo[BaseException], checks: Path) -> list[Any]:
    return [entry for entry in raised.traceback if Path(str(entry.path)).is_relative_to(checks)]


def _statement(raised: pytest.ExceptionInfo[BaseException], checks: Path) -> str:
    entries = _entries_in(raised, checks)
    return textwrap.dedent(str(entries[-1].statement)).strip() if entries else ""


def _last_line_in(raised: pytest.ExceptionInfo[BaseException], checks: Path) -> bool:
    return Path(str(raised.traceback[-1].path)).is_relative_to(checks)


def _is_ours(raised: pytest.ExceptionInfo[BaseException]) -> bool:
    return Path(str(raised.traceback[-1].path)).is_relative_to(Path(__file__).parents[1])


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:WIDTH]


def _traceback(raised: pytest.ExceptionInfo[BaseException]) -> str:
    return str(raised.getrepr(style="short", tbfilter=_without_pytest))


def _without_pytest(raised: pytest.ExceptionInfo[BaseException]) -> Traceback:
    return raised.traceback.filter(lambda entry: not {"_pytest", "pluggy"} & set(Path(str(entry.path)).parts))
