"""Several hand-ins of one student: the last before the deadline counts; where all are late, the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from checker.errors import N_, Blocked
from checker.grader.intake.layouts import Found
from checker.outcome import Message

__all__ = ["choose"]


def choose(found: Sequence[Found], deadline: datetime | None) -> tuple[Found, tuple[Message, ...]]:
    """Return which one counts, and what to tell the instructor. Raises Blocked where nothing says which is later.

    Where the layout says nothing of when, the files' own times are looked at: for their order only.
    """
    if len(found) == 1:
        return found[0], ()
    times = [_when(one) for one in found]
    if (
        len({one.ids.get(kind) for one in found for kind in one.ids}) > 1
        or None in times
        or len(set(times)) < len(times)
    ):
        raise _undecided(found)
    by_time = {when: one for when, one in zip(times, found, strict=True) if when}
    in_time = [when for when in by_time if deadline is None or when <= deadline]
    chosen = by_time[max(in_time) if in_time else min(by_time)]
    message = _IN_TIME if in_time else _LATE
    others = ", ".join(one.label for one in found if one is not chosen)
    return chosen, (Message(message, "", {"count": len(found), "chosen": chosen.label, "others": others}),)


_IN_TIME = N_("{count} hand-ins: {chosen} is the last in time and counts; {others} does not.")
_LATE = N_("{count} hand-ins, all late: {chosen} is the first and counts; {others} does not.")


def _when(found: Found) -> datetime | None:
    if found.submitted_at is None and found.changed is not None:
        return datetime.fromtimestamp(found.changed, UTC)
    return found.submitted_at


def _undecided(found: Sequence[Found]) -> Blocked:
    return Blocked(
        N_("{count} hand-ins are this student's, and nothing says which of them counts: {labels}."),
        N_("Take away all but one."),
        count=len(found),
        labels=", ".join(one.label for one in found),
    )
