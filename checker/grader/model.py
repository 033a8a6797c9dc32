"""What the grader's parts hand to each other: students, what they handed in, what came of it, and what it is worth.

intake makes Handins, judging makes Judgements of them, marks makes Marks, the store keeps all three, exports show them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from checker.course import Tree
from checker.course.tree import digest
from checker.outcome import Message

__all__ = ["Extension", "Handin", "Judgement", "Key", "Mark", "Status", "Student"]


class Status(StrEnum):
    """What became of what was handed in. Only ``graded`` and ``malformed`` speak of the student's work."""

    GRADED = "graded"
    MALFORMED = "malformed"  # it could not be read: the message says why, and what to do
    NOT_GRADABLE = "not gradable"  # ours: the machine, the engine; never a zero
    MISSING = "missing"  # on the roster, and nothing was handed in


@dataclass(frozen=True)
class Extension:
    """What the roster grants one student: another deadline, or days that cost nothing."""

    deadline: datetime | None = None  # aware; None: everybody's
    days: float = 0.0


@dataclass(frozen=True)
class Student:
    """Who is graded. ``key`` comes from the roster or the folder's name, never from what was handed in."""

    key: str
    name: str = ""
    email: str = ""
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)  # elsewhere: "canvas", "moodle", "sis", "login"
    section: str = ""
    extension: Extension = Extension()


@dataclass(frozen=True)
class Handin:
    """What one student handed in, as plain values. ``problem`` is set where it cannot be graded, and ``trees`` is empty.

    ``status`` is set with it: malformed or missing, which speak of the student; not gradable, which does not.
    ``trees``: "tree" is the work itself; "before-02" and the like are the learner's tags, as ``seamwork pack`` packs them.
    """

    student: Student
    source: str  # where it lay, for people: "ada/", "ada.zip", a git address without its password
    submitted_at: datetime | None  # aware; from the file's time, the layout or the git history; None where nothing says
    trees: Mapping[str, Tree] = field(default_factory=dict, repr=False, hash=False)
    problem: Message | None = None
    status: Status | None = None  # None: to be judged
    notes: Sequence[Message] = field(default=(), hash=False)  # what the instructor should know: which of several counts

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of paths, bytes and executable bits: not of names, times or places."""
        total = hashlib.sha256()
        for top in sorted(self.trees):
            for path, file in sorted(self.trees[top].items()):
                total.update(f"{top}\0{path}\0{file.executable:d}{digest(file)}\n".encode())
        return total.hexdigest()


@dataclass(frozen=True)
class Key:
    """By what a judgement is kept: where all of these are the same, nothing is run again."""

    handin: str  # Handin.digest
    lab: str  # "03-calls"
    checks: str  # SHA-256 of all that judges: the lab's checks, those before, the private ones, contract, engine
    seed: int
    environment: str  # SHA-256 of Python, lock file and kind of sandbox


@dataclass(frozen=True)
class Judgement:
    """What a run came to. ``results`` keep to results.schema.json; ``private`` are the instructor's own checks."""

    key: Key
    status: Status  # graded, or not gradable
    results: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    private: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    sandbox: str = ""  # "forked", "bubblewrap", "docker" or "unsafe"
    message: Message | None = None  # why it is not gradable
    attempts: int = 1
    seconds: float = 0.0
    graded_at: datetime | None = None  # aware


@dataclass(frozen=True)
class Mark:
    """What it is worth: ``points`` after ``penalty``, of ``most``. ``points`` None: there is no mark, not a zero."""

    status: Status
    earned: float = 0.0  # before the penalty
    most: float = 0.0
    points: float | None = None
    penalty: float = 0.0  # the share taken off, 0 to 1
    late: float = 0.0  # days beyond deadline and grace that count
    checks: Sequence[tuple[str, str, float, float]] = ()  # name, outcome, points earned, points there are
    message: Message | None = None
