"""From what a run came to, to what it is worth. Pure: the same values give the same mark.

Only the checks of the lab itself, and the private ones, are worth something; those of the labs before are shown. A check
that came to nothing through our fault leaves no mark at all, never a zero.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from checker.errors import N_
from checker.grader.model import Handin, Judgement, Mark, Status, Student
from checker.grader.policy import Lateness, Policy, exact
from checker.outcome import BlockedBy, Message, Outcome

if TYPE_CHECKING:
    from checker.course import CheckMeta, Lab

__all__ = ["PRIVATE", "Basis", "basis", "mark", "public_name", "undecided", "why_not"]

NONE: Mapping[str, CheckMeta] = {}
EVERYBODY = Policy()
DIGITS = 2
PRIVATE = "private:"
"""What a mark puts before the name of a check that only the instructor has."""


@dataclass(frozen=True)
class Basis:
    """What a mark stands on beside what was handed in and what it came to: where it is the same, so is the mark."""

    policy: str  # JSON, for people who ask why
    extension: str  # JSON; of this student
    points: str  # SHA-256 of what each check is worth


@dataclass(frozen=True)
class _Verdict:
    """One check of the results. ``worth`` is its share of the lab's points, nothing for a check of a lab before."""

    name: str
    outcome: str
    blocked_by: str | None
    worth: Fraction

    @property
    def earned(self) -> Fraction:
        return self.worth if self.outcome == Outcome.PASSED else Fraction()

    @property
    def ours(self) -> bool:
        """Whether nobody can tell what the work is worth here, and the work is not to blame."""
        return self.outcome == Outcome.BROKEN or (self.outcome == Outcome.BLOCKED and self.blocked_by != BlockedBy.WORK)


def mark(
    judgement: Judgement | None,
    lab: Lab,
    handin: Handin | None,
    policy: Policy = EVERYBODY,
    private: Mapping[str, CheckMeta] = NONE,
) -> Mark:
    """Return what was handed in is worth; ``handin`` None: nothing was.

    Passed checks earn their points: lab.toml's, scaled where it says what the whole lab is worth, ``private`` ones
    included. A check of several cases shares its points among them. Raises UsageError on a time without a zone.
    """
    most = _rounded(_most(lab, private))
    if handin is None or handin.status is Status.MISSING:
        return Mark(Status.MISSING, most=most)
    late = policy.lateness(handin.submitted_at, handin.student.extension)
    when: dict[str, Any] = {"most": most, "late": float(late.days), "penalty": late.penalty}
    if handin.status is Status.NOT_GRADABLE:
        return Mark(Status.NOT_GRADABLE, message=handin.problem, **when)
    if handin.problem:
        return Mark(Status.MALFORMED, points=0.0, message=handin.problem, **when)
    verdicts = list(_verdicts(judgement, lab, private)) if judgement else []
    checks = [(each.name, each.outcome, _rounded(each.earned), _rounded(each.worth)) for each in verdicts]
    if unknown := why_not(judgement, lab, private):
        return Mark(Status.NOT_GRADABLE, checks=checks, message=unknown, **when)
    earned = _rounded(sum((each.earned for each in verdicts), Fraction()))
    points = _rounded(exact(earned) * (1 - exact(late.penalty)))
    said = _said(late, handin)
    return Mark(Status.GRADED, earned=earned, points=points, checks=checks, message=said, **when)


def undecided(judgement: Judgement, lab: Lab, private: Mapping[str, CheckMeta] = NONE) -> list[str]:
    """Name the checks that are worth something and came to nothing through our fault: while there is one, there is no mark."""
    verdicts = list(_verdicts(judgement, lab, private))
    there = {each.name.partition("[")[0] for each in verdicts}
    absent = [name for name, worth in _worth(lab, private).items() if worth and name not in there]
    return absent + [each.name for each in verdicts if each.worth and each.ours]


def basis(lab: Lab, student: Student, policy: Policy, private: Mapping[str, CheckMeta] = NONE) -> Basis:
    """Return what a mark stands on beside judgement and hand-in, to be kept with it."""
    extension = student.extension
    granted = {"deadline": extension.deadline and extension.deadline.isoformat(), "days": extension.days}
    points = json.dumps([lab.weight, {name: str(worth) for name, worth in _worth(lab, private).items()}])
    digest = hashlib.sha256(points.encode()).hexdigest()
    return Basis(json.dumps(policy.values(), sort_keys=True), json.dumps(granted, sort_keys=True), digest)


def why_not(judgement: Judgement | None, lab: Lab, private: Mapping[str, CheckMeta]) -> Message | None:
    """Say why there is no mark, if there is none."""
    if judgement is None:
        return Message(N_("It has not been run yet."))
    if judgement.status is not Status.GRADED:
        return judgement.message or Message(N_("The run came to nothing, through no fault of the work."))
    if names := undecided(judgement, lab, private):
        return Message(
            N_("Through no fault of the work, nothing can be said of {checks}."),
            N_("Grade again; what this machine lacks, seamwork doctor tells."),
            {"checks": ", ".join(names)},
        )
    return None


def _said(late: Lateness, handin: Handin) -> Message | None:
    if late.closed:
        return Message(N_("It came after the lab had closed."))
    if handin.submitted_at is None:
        return Message(N_("Nothing says when it was handed in; it counts as in time."))
    return None


def _verdicts(judgement: Judgement, lab: Lab, private: Mapping[str, CheckMeta]) -> Iterator[_Verdict]:
    worth, scale = _worth(lab, private), _scale(lab, private)
    public = [(public_name(each, lab), each) for each in _checks(judgement.results)]
    hidden = [(PRIVATE + each["name"], each) for each in _checks(judgement.private)]
    cases = Counter(name.partition("[")[0] for name, _ in (*public, *hidden))
    for name, each in (*public, *hidden):
        check = name.partition("[")[0]
        share = worth.get(check, Fraction()) * scale / cases[check]
        yield _Verdict(name, each["outcome"], each.get("blocked_by"), share)


def public_name(check: Mapping[str, Any], lab: Lab) -> str:
    """Return the name of a check: "test_x", or "01:test_x" in a lab before this one."""
    name: str = check["name"]
    return name if check["lab"] == lab.name else f"{check['lab'].partition('-')[0]}:{name}"


def _checks(results: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    checks: Sequence[Mapping[str, Any]] = results.get("checks", ())
    return checks


def _worth(lab: Lab, private: Mapping[str, CheckMeta]) -> dict[str, Fraction]:
    """Return what each check is worth before it is scaled."""
    every = {**lab.checks, **{PRIVATE + name: check for name, check in private.items()}}
    return {name: max(exact(check.points), Fraction()) for name, check in every.items()}


def _scale(lab: Lab, private: Mapping[str, CheckMeta]) -> Fraction:
    total = sum(_worth(lab, private).values())
    return exact(lab.weight) / total if lab.weight and total else Fraction(1)


def _most(lab: Lab, private: Mapping[str, CheckMeta]) -> Fraction:
    return sum(_worth(lab, private).values(), Fraction()) * _scale(lab, private)


def _rounded(points: Fraction) -> float:
    """Round to hundredths, halves up: the one place where points are rounded."""
    return float(Fraction(math.floor(points * 10**DIGITS + Fraction(1, 2)), 10**DIGITS))
