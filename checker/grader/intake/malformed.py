"""What is wrong with one hand-in, as an exception within the intake and a Message outside of it."""

from __future__ import annotations

from typing import Any

from checker.errors import N_, LearnerFault, SeamworkError
from checker.grader.model import Status
from checker.outcome import Message

__all__ = ["SEAMWORK_PACK", "Malformed", "NothingHandedIn", "message_of", "shown"]

SEAMWORK_PACK = N_("Hand in the file that `seamwork pack` makes.")
"""The next move that is nearly always right."""

_SHOWN = 120


class Malformed(LearnerFault):
    """What was handed in cannot be read, or is no workspace. It costs this hand-in alone."""

    status = Status.MALFORMED


class NothingHandedIn(Malformed):
    """There is nothing of this student's that could count."""

    status = Status.MISSING


def message_of(error: SeamworkError) -> Message:
    """Turn an error into the message that a Handin carries."""
    return Message(error.message, error.move, error.values)


def shown(name: Any) -> str:
    """Return a name that a submission can write, fit for a message: no lone surrogates, never endless."""
    text = str(name).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
