"""Checks as the grader keeps them: bounded, in one language; and what is said of those that came to no end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from checker.errors import N_
from checker.outcome import BlockedBy, CheckResult, Message, Outcome, Results
from checker.report import results_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from checker.course import Lab
    from checker.errors import SeamworkError
    from checker.grader.judging.work import Limits

__all__ = ["Sayer", "fallen", "late", "planned", "unreached"]

ROOM = 256 * 1024
"""Bytes of evidence kept of one check."""


class Sayer:
    """Says the results of a lab in one language: ``lang``, by ``translate``."""

    def __init__(self, lab: str, seed: int, lang: str, translate: Callable[[str], str]) -> None:
        self._lab, self._seed, self._lang, self._translate = lab, seed, lang, translate

    def head(self, started: str) -> dict[str, Any]:
        """Return results.json before any check has ended."""
        return self._whole(started)

    def check(self, check: CheckResult) -> dict[str, Any]:
        """Return one check of results.json, with as much of its evidence as there is room for."""
        found: dict[str, Any] = self._whole("", check)["checks"][0]
        while len(json.dumps(found)) > ROOM and found["wire"]:
            found["wire"] = _outer(found["wire"])
        return found

    def _whole(self, started: str, *checks: CheckResult) -> dict[str, Any]:
        return results_json(Results(self._lab, self._seed, started, 0.0, checks), self._lang, self._translate)


def planned(labs: Sequence[Lab]) -> list[CheckResult]:
    """List the checks of these labs that are to run, with no outcome yet."""
    replaced = {name for lab in labs for name in lab.replaces}
    return [
        CheckResult(
            name=name,
            lab=lab.name,
            claim=check.claim,
            outcome=Outcome.BLOCKED,
            why=check.why,
            read=lab.read(name),
            place=lab.place(name),
            points=check.points,
        )
        for lab in labs
        for name, check in lab.checks.items()
        if f"{lab.number}:{name}" not in replaced
    ]


def late(check: CheckResult, limits: Limits) -> CheckResult:
    """Say that a check took longer than it may."""
    said = Message(
        N_("It was stopped: a check may take {check:g} s, and all of them together {submission:g} s."),
        N_("Does something in your system wait for ever, or answer without end?"),
        {"check": limits.check, "submission": limits.submission},
    )
    return replace(check, outcome=Outcome.FAILED, message=said)


def unreached(check: CheckResult) -> CheckResult:
    """Say that a check did not get its turn."""
    said = Message(N_("It did not get its turn: a check before it was stopped."), N_("Mend that one first."))
    return replace(check, outcome=Outcome.BLOCKED, blocked_by=BlockedBy.WORK, message=said)


def fallen(checks: Sequence[CheckResult], fault: SeamworkError, tree: Path) -> list[CheckResult]:
    """Say that the work lets no check begin: the first one tells why, the others are blocked behind it.

    Where we laid the work out is nobody's business: files are named as they were handed in.
    """
    values = {
        name: value.replace(f"{tree}/", "") if isinstance(value, str) else value for name, value in fault.values.items()
    }
    why = Message(fault.message, fault.move, values)
    same = Message(N_("The system this needs does not start, as said above."), N_("Mend that first."))
    first, *others = checks
    behind = [replace(check, outcome=Outcome.BLOCKED, blocked_by=BlockedBy.WORK, message=same) for check in others]
    return [replace(first, outcome=Outcome.FAILED, message=why), *behind]


def _outer(wire: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out the middle half."""
    quarter = len(wire) // 4
    return [*wire[:quarter], *wire[len(wire) - quarter :]]
