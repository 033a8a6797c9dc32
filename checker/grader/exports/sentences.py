"""What every export says of a mark, in the same words: what it is worth, what lateness cost, why there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from checker.errors import N_
from checker.grader.exports.shown import One
from checker.grader.model import Mark, Status
from checker.grader.policy import exact
from checker.grader.store import Entry
from checker.outcome import Message
from checker.report.words import Voice

__all__ = [
    "SANDBOXES",
    "STATUSES",
    "UNSAFE",
    "clock",
    "explained",
    "late",
    "number",
    "readable",
    "reason",
    "share",
    "status",
    "verdict",
]

STATUSES = {
    Status.GRADED: N_("graded"),
    Status.MALFORMED: N_("malformed"),
    Status.NOT_GRADABLE: N_("not gradable"),
    Status.MISSING: N_("missing"),
}
UNSAFE = "unsafe"
SANDBOXES = (N_("forked"), N_("bubblewrap"), N_("docker"), N_("unsafe"))


def number(points: float) -> str:
    """Return points as people write them: "6.4", "10"."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def share(part: float) -> str:
    """Return a share of one in percent: "12.5 %"."""
    return f"{number(100 * part)} %"


def clock(at: datetime, like: datetime | None = None) -> str:
    """Return a time as people read it, on the same clock as ``like``: "2026-11-25 23:59 UTC+01:00"."""
    return f"{at.astimezone(like.tzinfo if like else at.tzinfo):%Y-%m-%d %H:%M} UTC{_offset(at, like)}"


def status(mark: Mark, voice: Voice) -> str:
    """Return the word for what became of it."""
    return voice.say(STATUSES[mark.status])


def verdict(mark: Mark, voice: Voice) -> str:
    """Return what it is worth, in a few words; where there is no mark, what became of it."""
    if mark.points is None:
        return voice.say(N_("{status}, no mark"), status=status(mark, voice))
    told = voice.say(N_("{points} of {most} points"), points=number(mark.points), most=number(mark.most))
    return told if mark.status is Status.GRADED else f"{status(mark, voice)}, {told}"


def explained(one: One, voice: Voice) -> list[str]:
    """Say to the student how it came to that, a sentence or two at a time: no mark, malformed, late, the sandbox."""
    told = [*_became(one.entry, voice), *late(one.entry, voice)]
    if one.sandbox == UNSAFE:
        told.append(voice.say(N_("It was run without a sandbox, on your instructor's word.")))
    return [sentence for sentence in told if sentence]


def reason(message: Message | None, voice: Voice) -> str:
    """Return a message and its next move."""
    move = voice.say(message.move, **message.values) if message else ""
    return " ".join(filter(None, (voice.message(message), move)))


def readable(voice: Voice) -> str:
    """Name the one check of what could not be read, for formats that know of checks alone."""
    return voice.say(N_("What was handed in can be graded."))


def late(entry: Entry, voice: Voice) -> Iterator[str]:
    """Say when it was due, when it came, what was granted, and what that cost."""
    policy, granted, mark = json.loads(entry.basis.policy), json.loads(entry.basis.extension), entry.mark
    at = entry.handin.submitted_at if entry.handin else None
    due, own = (datetime.fromisoformat(text) if text else None for text in (policy["deadline"], granted["deadline"]))
    if due and at:
        yield voice.say(N_("It was due on {due}, and handed in on {at}."), due=clock(due), at=clock(at, due))
    if own:
        yield voice.say(N_("The deadline that was granted: {due}."), due=clock(own))
    if granted["days"]:
        yield voice.say(N_("Days that were granted beyond the deadline: {days}."), days=number(granted["days"]))
    if mark.late:
        yield voice.say(
            N_("Days late, each begun one counted and {grace} minutes of grace left out: {days}."),
            grace=number(policy["grace"] / 60),
            days=number(mark.late),
        )
    if mark.penalty and mark.status is Status.GRADED:
        yield from _costs(mark, policy["per_day"], policy["cap"], voice)


def _costs(mark: Mark, per_day: float, cap: float, voice: Voice) -> Iterator[str]:
    if exact(mark.penalty) <= min(exact(cap), exact(mark.late) * exact(per_day)):  # else it was closed
        yield voice.say(
            N_("Each day costs {each}, and all together never more than {cap}."), each=share(per_day), cap=share(cap)
        )
    yield voice.say(
        N_("Of {earned} points {taken} are taken off: {points} are left."),
        earned=number(mark.earned),
        taken=share(mark.penalty),
        points=number(mark.points or 0),
    )


def _became(entry: Entry, voice: Voice) -> Iterator[str]:
    """Say what became of it. Why it is not gradable is for the instructor: it may name what students are not to know."""
    mark = entry.mark
    if mark.status is Status.MISSING:
        yield voice.say(N_("Nothing was handed in. If you did hand something in, tell your instructor when, and how."))
    elif mark.status is Status.NOT_GRADABLE:
        yield voice.say(
            N_("It could not be graded, through no fault of yours. There is no mark yet, and that is no zero.")
        )
        yield voice.say(N_("Nothing is for you to do: your instructor knows, and will grade it again."))
    elif mark.status is Status.MALFORMED:
        yield voice.say(N_("What was handed in could not be graded as it is, and no check was run."))
        yield reason(mark.message, voice)
    else:
        yield reason(mark.message, voice)


def _offset(at: datetime, like: datetime | None) -> str:
    offset = f"{at.astimezone(like.tzinfo if like else at.tzinfo):%z}"
    return "" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}"
