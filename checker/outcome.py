"""Outcomes and results: what a run found, as plain values. The words come from the faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from checker.ledger import Exchange, Fault

__all__ = ["BlockedBy", "CheckResult", "Localised", "Message", "Outcome", "Results"]

SCHEMA = "seamwork/results/v2"

Localised = Mapping[str, str]
"""A text in each language: {"en": ..., "zh": ...}."""


class Outcome(StrEnum):
    """What a check came to. Only ``failed`` speaks against the learner's system."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"
    BROKEN = "broken"


class BlockedBy(StrEnum):
    """Whose doing it is, at the root of it, that a check was blocked. Only ``work`` may cost a learner anything."""

    WORK = "work"  # a check it builds on has failed, or their system never did what was to be looked at
    OURS = "ours"  # the machine lacks something, or the checker stumbled


@dataclass(frozen=True)
class Message:
    """A message id (an English format string, looked up in gettext by the faces), the next move, and their values."""

    id: str
    move: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckResult:
    """One check's outcome, with the evidence for it."""

    name: str  # "test_orders_answers"
    lab: str  # "01-boundaries"
    claim: Localised
    outcome: Outcome
    message: Message | None = None  # None when passed
    assertion: str = ""  # "assert 504 == 200"
    expression: str = ""  # "reply.status_code"
    wire: Sequence[Exchange] = ()
    faults: Sequence[Fault] = ()
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)  # last lines of each process that matters here
    why: Localised = field(default_factory=dict)
    read: str = ""  # "labs/01-boundaries#narrow"
    place: Localised = field(default_factory=dict)  # the same in a workspace: notebooks/01-boundaries.ipynb, "Keep …"
    again: str = ""  # a command line
    seconds: float = 0.0
    points: float = 1.0
    detail: str = ""  # a traceback, for broken only
    blocked_by: BlockedBy | None = None  # for blocked only


@dataclass(frozen=True)
class Results:
    """One run of one lab on one workspace."""

    lab: str  # "01-boundaries"
    seed: int
    started: str  # ISO 8601, UTC
    duration: float  # seconds
    checks: Sequence[CheckResult]
    workspace: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)  # python, backing, start: "forked" or "cold: <reason>"
    schema: str = SCHEMA

    def count(self, outcome: Outcome) -> int:
        """Count the checks that came to this."""
        return sum(check.outcome is outcome for check in self.checks)

    @property
    def exit_code(self) -> int:
        """0 all passed, 1 something failed, 2 could not be decided."""
        if self.count(Outcome.FAILED):
            return 1
        return 0 if self.checks and self.count(Outcome.PASSED) == len(self.checks) else 2
