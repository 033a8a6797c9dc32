"""What the store answers, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from checker.errors import N_
from checker.grader.marks import Basis
from checker.grader.model import Handin, Key, Mark, Status, Student
from checker.grader.store.columns import dumped
from checker.outcome import Message

__all__ = [
    "WHYS",
    "Entry",
    "Found",
    "Moved",
    "Progress",
    "RunInfo",
    "State",
    "Step",
    "Why",
    "message_of",
    "message_values",
]


class State(StrEnum):
    """How far a run is: as a whole, or with one student."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    QUEUED = "queued"
    DONE = "done"


class Why(StrEnum):
    """Why a mark is made anew."""

    FIRST = "first"
    HANDIN = "handin"
    TIME = "time"
    CHECKS = "checks"
    ENVIRONMENT = "environment"
    SEED = "seed"
    AGAIN = "again"
    POLICY = "policy"
    EXTENSION = "extension"
    POINTS = "points"
    COUNTING = "counting"


WHYS: Mapping[Why, str] = {
    Why.FIRST: N_("the first mark"),
    Why.HANDIN: N_("something else was handed in"),
    Why.TIME: N_("the same was handed in at another time"),
    Why.CHECKS: N_("the checks were changed"),
    Why.ENVIRONMENT: N_("Python, the packages or the sandbox are others"),
    Why.SEED: N_("the random data are others"),
    Why.AGAIN: N_("it was run again"),
    Why.POLICY: N_("the late policy was changed"),
    Why.EXTENSION: N_("an extension was granted, or changed"),
    Why.POINTS: N_("the checks' points were changed"),
    Why.COUNTING: N_("seamwork counts in another way"),
}


@dataclass(frozen=True)
class RunInfo:
    """One ``seamwork grade`` command. A run that was killed is ``interrupted`` once another has begun."""

    id: int
    lab: str
    options: Mapping[str, Any]
    host: str
    pid: int
    state: State
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Found:
    """What had been handed in when a mark was made. Where it lay makes no difference."""

    digest: str
    submitted_at: datetime | None
    problem: Message | None
    source: str = field(compare=False)

    @classmethod
    def of(cls, handin: Handin) -> Found:
        """Return what of a hand-in is kept."""
        problem = handin.problem and message_of(json.loads(dumped(message_values(handin.problem))))
        return cls(handin.digest, handin.submitted_at, problem, handin.source)


@dataclass(frozen=True)
class Entry:
    """A mark, and all that it stands on. ``judgement`` is the number by which the store finds the evidence."""

    student: Student
    lab: str
    mark: Mark
    basis: Basis
    handin: Found | None
    key: Key | None
    judgement: int | None
    graded_at: datetime | None
    marked_at: datetime
    run: int
    why: Sequence[Why]

    def stands_on(self, handin: Handin | None, key: Key | None, basis: Basis) -> bool:
        """Whether a mark for this would be the same one: then neither evidence nor points need be looked at."""
        found = handin and Found.of(handin)
        certain = self.mark.status is not Status.NOT_GRADABLE
        return certain and (self.handin, self.key, self.basis) == (found, key, basis)


@dataclass(frozen=True)
class Moved:
    """A mark that is another one than it was: ``before`` None where there was none."""

    before: Entry | None
    after: Entry
    why: Sequence[Why]


@dataclass(frozen=True)
class Step:
    """How far a run is with a student. ``status`` once it is done."""

    student: str
    state: State
    queued_at: datetime
    started_at: datetime | None
    done_at: datetime | None
    status: Status | None


@dataclass(frozen=True)
class Progress:
    """How far a run is, for who watches: any number may, while the grader writes."""

    run: RunInfo
    steps: Sequence[Step]

    def count(self, state: State) -> int:
        """Count the students with whom it is so far."""
        return sum(step.state is state for step in self.steps)


def message_values(message: Message | None) -> Any:
    """Return a message as JSON values."""
    return message and {"id": message.id, "move": message.move, "values": dict(message.values)}


def message_of(values: Mapping[str, Any] | None) -> Message | None:
    """Return the message that was kept."""
    return Message(values["id"], values["move"], values["values"]) if values else None
