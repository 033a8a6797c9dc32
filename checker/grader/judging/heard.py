"""What was heard of one attempt to judge a submission, and what it comes to."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.outcome import Message, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Heard", "Stage"]


@dataclass
class Stage:
    """One run of checks. ``cut``: the work took too long, so that it was stopped, in the check ``stopped`` if it had begun."""

    head: Mapping[str, Any]
    plan: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
    now: str | None = None
    checks: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    ended: Mapping[str, Any] | None = None
    broken: Message | None = None
    lacking: Message | None = None
    cut: bool = False
    stopped: str | None = None

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in what the tester says."""
        if "check" in event:
            Outcome(_object(event["check"])["outcome"])
            self.checks[event["key"]] = event["check"]
        if "now" in event:
            self.now = event["now"] if event["now"] not in self.checks else None
        if "ended" in event:
            self.ended = _object(event["ended"])
        self.broken = _message(event.get("broken")) or self.broken
        self.lacking = _message(event.get("lacking")) or self.lacking

    @property
    def decided(self) -> bool:
        """Whether each check has an outcome: it was seen, or the work stood in its way."""
        return self.ended is not None or self.cut

    def results(self, sandbox: str) -> dict[str, Any]:
        """Return results.json, or as much of it as there is."""
        checks = self._after_the_cut() if self.cut else list(self.checks.values())
        ended = self.ended or {}
        counts = {outcome.value: sum(check["outcome"] == outcome for check in checks) for outcome in Outcome}
        passed = checks and counts[Outcome.PASSED] == len(checks)
        return {
            **self.head,
            "duration": ended.get("duration", 0.0),
            "environment": ended.get("environment", {"sandbox": sandbox}),
            "counts": {**counts, "total": len(checks)},
            "exit_code": 1 if counts[Outcome.FAILED] else 0 if passed else 2,
            "checks": checks,
        }

    def _after_the_cut(self) -> list[Mapping[str, Any]]:
        """List what had ended, the check that was stopped as failed, and those behind it as blocked.

        Of a check with several cases none counts when one was stopped: those behind it may be the ones that fail.
        """
        late = (self.stopped or "").partition("[")[0]
        seen = {key: check for key, check in self.checks.items() if key.partition("[")[0] != late}
        reached = {key.partition("[")[0] for key in seen}
        rest = [failed if key == late else unreached for key, failed, unreached in self.plan if key not in reached]
        return [*seen.values(), *rest]


class Heard:
    """What a tester said, and how it ended.

    ``late``: it was stopped, for its time was over; ``cancelled``: nobody waits for it any more; ``died``: how it ended,
    where it did not come to its end.
    """

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.stage: Stage | None = None
        self.late = self.cancelled = False
        self.over = False
        self.died = ""

    @property
    def now(self) -> str | None:
        """The check that runs; None where none does."""
        return self.stage.now if self.stage and not self.stage.decided else None

    def hear(self, line: bytes) -> None:
        """Take in one line. What is none, for the tester was killed in the middle, is nothing; so is what has another form."""
        with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
            self._take(_object(json.loads(line)))

    def _take(self, event: Mapping[str, Any]) -> None:
        if "stages" in event:
            self.stages = {name: Stage(_object(head), [tuple(e) for e in plan]) for name, head, plan in event["stages"]}
        elif "stage" in event:
            self.stage = self.stages[event["stage"]]
        elif "over" in event:
            died = "" if event["over"] == 0 else f"exit status {event['over']}. {event['said']}".strip()
            self.over, self.died = True, died
        elif self.stage:
            self.stage.hear(event)

    def stop(self, *, cancelled: bool) -> None:
        """Note that it was stopped, and in which check: from there on, the work stood in its own way."""
        self.cancelled, self.late = cancelled, not cancelled
        if not self.late or self.now is None or self.stage is None:
            return
        self.stage.stopped = self.now
        for stage in self.stages.values():
            stage.cut = stage.ended is None

    @property
    def decided(self) -> bool:
        """Whether each check of each stage has an outcome."""
        return bool(self.stages) and all(stage.decided for stage in self.stages.values())

    @property
    def stumbled(self) -> bool:
        """Whether some check came to nothing by our fault."""
        return any(c["outcome"] == Outcome.BROKEN for stage in self.stages.values() for c in stage.checks.values())

    @property
    def lacking(self) -> Message | None:
        """What the machine lacks, so that nothing can be said."""
        return next((stage.lacking for stage in self.stages.values() if stage.lacking), None)

    @property
    def broken(self) -> Message | None:
        """Why a stage came to nothing by our fault."""
        return next((stage.broken for stage in self.stages.values() if stage.broken), None)


def _object(value: Any) -> Mapping[str, Any]:
    """Return a JSON object as it is. Raises TypeError on anything else."""
    if not isinstance(value, dict):
        raise TypeError(value)
    return value


def _message(said: Mapping[str, Any] | None) -> Message | None:
    return Message(said["id"], said["move"], said["values"]) if said else None
