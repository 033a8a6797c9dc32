"""Who is not in which file, and why: said once for each reason, with all whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checker.errors import N_
from checker.outcome import Message

__all__ = ["FORMULA", "NO_MARK", "Left", "notes"]

NO_MARK = Message(N_("There is no mark."))
FORMULA = Message(N_("A spreadsheet would compute what identifies them. Type those marks in by hand."))


@dataclass(frozen=True)
class Left:
    """One student who is not in one file."""

    student: str
    file: str
    why: Message


def notes(left: Iterable[Left], students: int) -> list[Message]:
    """Return what to say of them; ``students`` are in the class."""
    groups: dict[tuple[str, str], list[Left]] = {}
    for each in left:
        groups.setdefault((each.file, each.why.id), []).append(each)
    return [_note(group, everybody=len(group) == students) for group in groups.values()]


def _note(group: list[Left], *, everybody: bool) -> Message:
    file, why = group[0].file, group[0].why.id
    if everybody:
        return Message(N_("Nobody is in {file}."), why, {"file": file})
    names = ", ".join(each.student for each in group)
    return Message(N_("Not in {file}: {students}."), why, {"file": file, "students": names})
