"""When something was due, and what handing it in later costs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from checker.errors import N_, UsageError
from checker.grader.model import Extension

__all__ = ["Lateness", "Policy", "exact"]

NOBODY = Extension()
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lateness:
    """How late something is: days begun after deadline and grace, the share this costs, whether it had closed."""

    days: int = 0
    penalty: float = 0.0
    closed: bool = False


@dataclass(frozen=True)
class Policy:
    """What a class has agreed on for one lab. Times are aware; a day ends when the deadline's clock says so again.

    Each day begun after ``deadline`` and ``grace`` costs the share ``per_day`` of what was earned, never more than
    ``cap``. What comes after ``closes`` is worth nothing. Raises UsageError on what makes no sense.
    """

    deadline: datetime | None = None
    grace: timedelta = timedelta()
    per_day: float = 0.0
    cap: float = 1.0
    closes: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("deadline", "closes"):
            _hold_aware(name, getattr(self, name))
        for name in ("per_day", "cap"):
            _hold(name, getattr(self, name), "a share from 0 to 1", fits=0 <= getattr(self, name) <= 1)
        _hold("grace", self.grace, "no less than nothing", fits=self.grace >= timedelta())
        if self.deadline and self.closes:
            late = "no earlier than the deadline"
            _hold("closes", self.closes.isoformat(), late, fits=_utc(self.closes) >= _utc(self.deadline))

    def lateness(self, at: datetime | None, extension: Extension = NOBODY) -> Lateness:
        """Say how late ``at`` is for a student. None, where nothing says when, is in time. An extension never hurts."""
        due = self._due(extension)
        _hold_aware("submitted_at", at)
        if at is None or not due:
            return Lateness()
        if self.closes and _utc(at) > max(_utc(self.closes), *(_utc(each) + self.grace for each in due)):
            return Lateness(min(_days(each, at, self.grace) for each in due), 1.0, closed=True)
        days = min(_days(each, at, self.grace) for each in due) if self.deadline else 0
        return Lateness(days, float(min(exact(self.cap), days * exact(self.per_day))))

    def values(self) -> dict[str, Any]:
        """Return it as JSON values, so that a mark's history can tell by what it was made."""
        times = {name: at and at.isoformat() for name, at in (("deadline", self.deadline), ("closes", self.closes))}
        return asdict(self) | times | {"grace": self.grace.total_seconds()}

    def _due(self, extension: Extension) -> list[datetime]:
        """List the deadlines of which the kindest counts: everybody's, the student's own, each with the days granted."""
        _hold_aware("extension", extension.deadline)
        fits = math.isfinite(extension.days) and extension.days >= 0
        _hold("extension", extension.days, "a number of days, no less than nothing", fits=fits)
        own = [at for at in (self.deadline or self.closes, extension.deadline) if at]
        return own + [_days_on(at, extension.days) for at in own if extension.days]


def exact(number: float) -> Fraction:
    """Return the number that was written: 0.1 is a tenth."""
    return Fraction(str(number))


def _days(due: datetime, at: datetime, grace: timedelta) -> int:
    """Count the days begun between what was due and ``at``."""
    over = _utc(at) - grace
    if over <= _utc(due):
        return 0
    days = max(1, (over - _utc(due)) // DAY - 1)  # summer time moves the end of a day by hours, never by a day
    while over > _utc(_days_on(due, days)):
        days += 1
    return days


def _days_on(at: datetime, days: float) -> datetime:
    """Return the time at which the same clock shows the same hour, days later; of two such times the later one.

    Adding to an aware datetime moves its clock, and not the instant: just what is wanted here.
    """
    return max(((at + days * DAY).replace(fold=fold) for fold in (0, 1)), key=_utc)


def _utc(at: datetime) -> datetime:
    """Return the instant. Two times of one zone would be compared by their clocks, which summer time turns back."""
    return at.astimezone(UTC)


def _hold_aware(what: str, at: datetime | None) -> None:
    if at is not None and at.utcoffset() is None:
        raise UsageError(
            N_("{what}: {found} has no time zone."),
            N_("Write it with its distance from UTC: 2026-11-25T23:59+01:00"),
            what=what,
            found=at.isoformat(),
        )


def _hold(what: str, found: object, expected: str, *, fits: bool) -> None:
    if not fits:
        raise UsageError(
            N_("{what} is {found!r}, and has to be {expected}."), what=what, found=found, expected=expected
        )
