"""A small class, as plain values: a lab, students, what they handed in, what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checker.course import CheckMeta, File, Lab
from checker.grader.model import Handin, Judgement, Key, Status, Student

LAB = "03-calls"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_lab(points: Mapping[str, float], weight: float = 0.0) -> Lab:
    """A lab with these checks, and no folder."""
    lab = Lab(Path(LAB), "03", "calls", {}, 45, 120, (), (), (), weight, {})
    vars(lab)["checks"] = {name: CheckMeta(points=worth) for name, worth in points.items()}
    return lab


def results(lab: str = LAB, **outcomes: str) -> dict[str, Any]:
    """What a run left: test_x="passed"; "blocked" is by the work, "lacking" by the machine."""
    return {"checks": [_check(name, lab, outcome) for name, outcome in outcomes.items()]}


def _check(name: str, lab: str, outcome: str) -> dict[str, Any]:
    by = {"blocked": "work", "lacking": "ours"}.get(outcome)
    return {"name": name, "lab": lab, "outcome": "blocked" if by else outcome, "blocked_by": by}


def a_handin(student: str | Student = "ada", work: str = "1", at: datetime | None = MONDAY, **beside: Any) -> Handin:
    """What somebody handed in."""
    who = student if isinstance(student, Student) else Student(student)
    return Handin(who, f"{who.key}.zip", at, {"tree": {"app.py": File(work.encode())}}, **beside)


def a_key(handin: Handin, **parts: Any) -> Key:
    """By what its judgement is kept."""
    return Key(**{"handin": handin.digest, "lab": LAB, "checks": "c1", "seed": 7, "environment": "e1"} | parts)


def judged(key: Key, status: Status = Status.GRADED, **outcomes: str) -> Judgement:
    """What a run came to."""
    return Judgement(key, status, results(**outcomes), graded_at=MONDAY, sandbox="forked")
