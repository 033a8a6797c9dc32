"""results.json of a class, ``seamwork/class/v1``: every student's mark, and what each check came to. For programs.

``class.schema.json`` beside this file is the contract. What went over the wire, and logs, are in the feedback: a class would
come to hundreds of megabytes of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from checker.grader.exports.sentences import reason
from checker.grader.exports.shown import One, Shown
from checker.grader.exports.subject import Subject
from checker.grader.model import Status
from checker.grader.store import Entry
from checker.outcome import Message
from checker.report.clean import block, line
from checker.report.parts import claim_text
from checker.report.words import Voice

__all__ = ["SCHEMA", "class_head", "class_schema", "student_values", "whole"]

SCHEMA = "seamwork/class/v1"


@cache
def class_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that a class' results.json keeps to."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("class.schema.json").read_text("utf-8"))
    return found


def class_head(entries: Sequence[Entry], subject: Subject) -> dict[str, Any]:
    """Return all but the students."""
    counted = Counter(entry.mark.status for entry in entries)
    return {
        "schema": SCHEMA,
        "lang": subject.voice.lang,
        "lab": subject.lab.name,
        "title": line(subject.voice.pick(subject.lab.title), 200),
        "counts": {status.value: counted[status] for status in Status} | {"total": len(entries)},
    }


def whole(head: dict[str, Any], students: Iterable[str]) -> Iterator[str]:
    """Write the file in pieces: ``students`` are JSON texts, one at a time."""
    start = json.dumps(head, ensure_ascii=False, indent=2)
    yield start.removesuffix("\n}") + ',\n  "students": ['
    for at, student in enumerate(students):
        yield f"{',' if at else ''}\n{student}"
    yield "\n  ]\n}\n"


def student_values(one: One, subject: Subject) -> dict[str, Any]:
    """Return one student."""
    entry, mark, voice = one.entry, one.mark, subject.voice
    student, handin = entry.student, entry.handin
    return {
        "student": line(student.key),
        "name": line(student.name),
        "email": line(student.email),
        "ids": {line(name): line(value) for name, value in student.ids.items()},
        "section": line(student.section),
        "status": mark.status.value,
        "points": mark.points,
        "earned": mark.earned,
        "most": mark.most,
        "penalty": mark.penalty,
        "late": mark.late,
        "message": reason(mark.message, voice) or None,
        "source": line(handin.source) if handin else None,
        "digest": (handin.digest if handin else None) or None,
        "submitted_at": _moment(handin.submitted_at) if handin else None,
        "graded_at": _moment(entry.graded_at),
        "marked_at": _moment(entry.marked_at),
        "sandbox": one.sandbox or None,
        "seed": entry.key.seed if entry.key else None,
        "run": entry.run,
        "why": [why.value for why in entry.why],
        "files": one.slug,
        "checks": [_check(shown, voice) for shown in one.checks],
    }


def _check(shown: Shown, voice: Voice) -> dict[str, Any]:
    check = shown.result
    told = {
        "name": line(shown.name),
        "private": shown.private,
        "claim": claim_text(check, voice),
        "outcome": check.outcome.value,
        "blocked_by": check.blocked_by and check.blocked_by.value,
        "points": shown.earned,
        "most": shown.worth,
    }
    return told if shown.private else told | _seen(check.message, check.assertion, check.seconds, voice)


def _seen(message: Message | None, assertion: str, seconds: float, voice: Voice) -> dict[str, Any]:
    return {"message": voice.message(message) or None, "assertion": block(assertion), "seconds": seconds}


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
