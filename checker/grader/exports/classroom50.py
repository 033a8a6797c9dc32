"""One student's result.json for Classroom 50, whose contract is ``classroom50/result/v1``.

foundation50/classroom50, schemas/result-v1.schema.json, and the wiki's "Advanced Autograding", "The result.json contract".
Scores are whole numbers there, and the whole is the sum of the tests: where a check is worth a part of a point all are in
hundredths. ``score`` is what was earned before a penalty: Classroom 50 sees by ``datetime`` itself who was late.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from checker.errors import N_
from checker.grader.exports.left import NO_MARK
from checker.grader.exports.sentences import readable
from checker.grader.exports.shown import One
from checker.grader.exports.subject import Subject
from checker.outcome import Message, Outcome
from checker.report.clean import line
from checker.report.parts import claim_text

__all__ = ["classroom50_result", "why_none"]

NO_LOGIN = Message(N_("The roster has no GitHub login of theirs."))
NO_TIME = Message(N_("Nothing says when they handed in."))
_HUNDREDTHS = 100


def why_none(one: One) -> Message | None:
    """Say what keeps a student from having a result.json; None where nothing does."""
    if one.mark.points is None:
        return NO_MARK
    if not one.student.ids.get("github"):
        return NO_LOGIN
    return NO_TIME if _at(one) is None else None


def classroom50_result(one: One, subject: Subject) -> dict[str, Any] | None:
    """Return the values; None where ``why_none`` says why.

    What is not known here stands for what the contract wants a link to: where the hand-in lay. A result that is to be
    published by Classroom 50's own runner gets its links from that runner.
    """
    handed, graded = _at(one), one.entry.graded_at or one.entry.marked_at
    if why_none(one) or handed is None or one.entry.handin is None:
        return None
    source = line(one.entry.handin.source, 500) or one.slug
    tests = _tests(one, subject)
    return {
        "schema": "classroom50/result/v1",
        "classroom": line(subject.classroom or "seamwork", 100),
        "assignment": subject.lab.name,
        "assignment_type": "individual",
        "owner": line(one.student.ids["github"], 100),
        "submission": f"submit/{handed:%Y-%m-%dT%H-%M-%SZ}-{one.entry.handin.digest[:7] or '0000000'}",
        **dict.fromkeys(("commit", "release", "review"), source),
        "datetime": f"{handed:%Y-%m-%dT%H:%M:%SZ}",
        "graded_at": f"{graded.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def _at(one: One) -> datetime | None:
    at = one.entry.handin.submitted_at if one.entry.handin else None
    return at and at.astimezone(UTC)


def _tests(one: One, subject: Subject) -> list[dict[str, Any]]:
    """Return the checks that are worth something; one test that failed where nothing could be read."""
    voice = subject.voice
    rows = [
        (claim_text(shown.result, voice), shown.result.outcome is Outcome.PASSED, shown.earned, shown.worth)
        for shown in one.checks
        if not shown.ours
    ] or [(readable(voice), False, 0.0, one.mark.most)]
    unit = 1 if all(float(points).is_integer() for row in rows for points in row[2:]) else _HUNDREDTHS
    return [
        {"test-name": name, "passed": passed, "score": round(unit * earned), "max-score": round(unit * worth)}
        for name, passed, earned, worth in rows
    ]
