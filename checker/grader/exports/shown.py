"""One student as the exports show them: the mark, and each check with as much of its evidence as may be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checker.course import Lab
from checker.grader.exports.subject import Subject
from checker.grader.marks import PRIVATE, public_name
from checker.grader.model import Judgement, Mark, Student
from checker.grader.store import Entry
from checker.outcome import BlockedBy, CheckResult, Outcome
from checker.report.json import load_check

__all__ = ["One", "Shown", "one"]

_BLANK: Mapping[str, Any] = {
    **dict.fromkeys(("claim", "assertion", "expression", "why", "read", "again", "next", "detail"), ""),
    **dict.fromkeys(("blocked_by", "message")),
    "wire": (),
    "faults": (),
    "logs": {},
    "seconds": 0.0,
    "points": 0.0,
}


@dataclass(frozen=True)
class Shown:
    """One check. Of a private one ``result`` has the claim and the outcome, and nothing else."""

    name: str  # as the mark has it: "test_x[1]", "01:test_x", "private:test_y"
    result: CheckResult
    earned: float
    worth: float

    @property
    def private(self) -> bool:
        """Whether only the instructor has this check."""
        return self.name.startswith(PRIVATE)

    @property
    def earlier(self) -> bool:
        """Whether it belongs to a lab before, and is worth nothing in this one."""
        return not self.private and ":" in self.name.partition("[")[0]

    @property
    def ours(self) -> bool:
        """Whether nothing could be said, and the work is not to blame."""
        blocked = self.result.outcome is Outcome.BLOCKED and self.result.blocked_by is not BlockedBy.WORK
        return blocked or self.result.outcome is Outcome.BROKEN


@dataclass(frozen=True)
class One:
    """One student. ``slug`` is the name of their files; ``sandbox`` "" where nothing was run."""

    entry: Entry
    slug: str
    checks: tuple[Shown, ...] = ()
    sandbox: str = ""
    seconds: float = 0.0

    @property
    def student(self) -> Student:
        """Who it is."""
        return self.entry.student

    @property
    def mark(self) -> Mark:
        """What it is worth."""
        return self.entry.mark


def one(entry: Entry, slug: str, judgement: Judgement | None, subject: Subject) -> One:
    """Put a mark and what it came from together. The evidence has been held against its schema when it was kept."""
    if judgement is None:
        return One(entry, slug)
    checks = tuple(_shown(entry.mark, judgement, subject))
    return One(entry, slug, checks, judgement.sandbox, judgement.seconds)


def _shown(mark: Mark, judgement: Judgement, subject: Subject) -> Iterator[Shown]:
    """Go by the mark. Evidence of another outcome than the mark's is of another run, and is left out."""
    found = _evidence(judgement, subject.lab)
    for name, outcome, earned, worth in mark.checks:
        check = found.get(name)
        if check is None or check.outcome != outcome:
            fault = BlockedBy.WORK if mark.points is not None else BlockedBy.OURS
            check = CheckResult(name, subject.lab.name, {}, Outcome(outcome), blocked_by=fault)
        yield Shown(name, _result(name, check, subject), earned, worth)


def _evidence(judgement: Judgement, lab: Lab) -> dict[str, CheckResult]:
    public, private = dict(judgement.results), dict(judgement.private)
    named = [(public_name(each, lab), each, public) for each in public.get("checks", ())]
    named += [(PRIVATE + each["name"], each, private) for each in private.get("checks", ())]
    return {name: load_check({**_BLANK, **each}, of.get("lang", "en")) for name, each, of in named}


def _result(name: str, found: CheckResult, subject: Subject) -> CheckResult:
    """Return what may be shown, in the reader's language where the course has it. The evidence of what passed is left out."""
    said = subject.said(name)
    claim = {**said.claim, **found.claim} if any(found.claim.values()) else said.claim
    if name.startswith(PRIVATE):
        return CheckResult("", found.lab, claim, found.outcome, blocked_by=found.blocked_by)
    why = {**said.why, **found.why} if any(found.why.values()) else said.why
    told = replace(found, claim=claim, why=why, detail="")
    return replace(told, wire=(), faults=(), logs={}) if told.outcome is Outcome.PASSED else told
