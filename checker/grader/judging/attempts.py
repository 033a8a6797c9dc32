"""From a work to a judgement: what came to nothing through our fault is tried again, and is never a zero.

What counts, where a tester had to be stopped: the checks it had ended, as it saw them; the check that it was in has failed,
for the system had its time, twice; those behind it are blocked by the work. A tester that is stopped between checks, or
dies, has shown nothing of the work: after the third time the submission is not gradable.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.errors import N_
from checker.grader.judging.heard import Heard
from checker.grader.model import Judgement, Status
from checker.outcome import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.grader.judging.work import Work

__all__ = ["ATTEMPTS", "Attempt", "judged", "stopped", "stumbled"]

Attempt = Callable[["Work"], Heard]
ATTEMPTS = 3
"""Times that a work is tried, where it comes to nothing through our fault."""
LATE = 2
"""Times that it is tried, where the work takes too long: the machine may have been busy."""


def judged(work: Work, attempt: Attempt) -> Judgement:
    """Judge a work by as many attempts as it takes."""
    began, tries, late = time.monotonic(), 0, 0
    while True:
        heard = attempt(work)
        tries, late = tries + 1, late + heard.late
        if heard.cancelled or tries >= ATTEMPTS or not _again(heard, late):
            return _judgement(work, heard, tries, time.monotonic() - began)


def stopped(work: Work) -> Judgement:
    """Return what is said of a work whose turn never came."""
    return Judgement(work.key, Status.NOT_GRADABLE, sandbox=work.sandbox, message=_STOPPED, attempts=0)


def stumbled(work: Work, error: Exception) -> Judgement:
    """Return what is said of a work over which we fell: it costs this submission its turn, and no other."""
    why = Message(N_("The grader stumbled: {error}"), "", {"error": f"{type(error).__name__}: {error}"})
    return Judgement(work.key, Status.NOT_GRADABLE, sandbox=work.sandbox, message=why)


_STOPPED = Message(N_("The run was stopped before it had come to its end."), N_("Grade again: it goes on from here."))


def _again(heard: Heard, late: int) -> bool:
    """Whether another attempt may come to more."""
    if heard.decided:
        return heard.stumbled or (heard.late and late < LATE)
    return heard.lacking is None


def _unsaid(heard: Heard) -> Message | None:
    """Say why there is no outcome, where there is none."""
    if heard.cancelled:
        return _STOPPED
    if heard.decided:
        return None
    said = heard.died or "it was stopped between two checks"
    move = N_("Grade again; if it comes back, tell us what it said.")
    died = Message(N_("The process that judges it came to no end: {said}"), move, {"said": said})
    return heard.lacking or heard.broken or died


def _judgement(work: Work, heard: Heard, attempts: int, seconds: float) -> Judgement:
    unsaid = _unsaid(heard)
    found: Mapping[str, Any] = {name: stage.results(work.sandbox) for name, stage in heard.stages.items()}
    private = found.get("private", {})
    return Judgement(
        work.key,
        Status.NOT_GRADABLE if unsaid else Status.GRADED,
        results=found.get("public", {}),
        private={"lang": work.lang, "checks": private["checks"]} if private else {},
        sandbox=work.sandbox,
        message=unsaid,
        attempts=attempts,
        seconds=round(seconds, 3),
        graded_at=datetime.now(UTC),
    )
