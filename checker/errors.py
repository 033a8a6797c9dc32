"""What can go wrong, drawn once: one class for each decision a caller can take.

A message is an id and its values, both in English here; the faces translate the id and fill the values in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "N_",
    "BadReply",
    "Blocked",
    "EngineFault",
    "LearnerFault",
    "NoReply",
    "SeamworkError",
    "ServiceFailed",
    "Unshown",
    "UsageError",
]


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for it)
    """Mark a message for translation, and leave it as it is."""
    return message


class SeamworkError(Exception):
    """A sentence that names the thing and the value found, and one that names the next move.

    ``message`` and ``move`` are format strings, marked with :func:`N_`; ``values`` fill both in.
    ``exit_code`` is what the command line exits with.
    """

    exit_code = 2

    def __init__(self, message: str, move: str = "", **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.move = move
        self.values: Mapping[str, Any] = values

    def __str__(self) -> str:
        return " ".join(part.format(**self.values) for part in (self.message, self.move) if part)


class UsageError(SeamworkError):
    """What was typed, or where, cannot be: a lab that does not exist, a folder that is no workspace."""


class Blocked(SeamworkError):  # noqa: N818  (an outcome, not a defect)
    """Nothing can be said: something this needs is absent on the machine."""


class Unshown(Blocked):
    """Nothing can be said, and that is no fault of the machine: the learner's system has not let it be shown."""


class EngineFault(SeamworkError):  # noqa: N818  (whose fault it is, is what the name says)
    """Our own fault. Never counted against the learner."""


class LearnerFault(SeamworkError):  # noqa: N818  (the same)
    """The learner's system does not do what was asked of it."""

    exit_code = 1


class ServiceFailed(LearnerFault):
    """A process of theirs did not start, did not get ready, or ended. ``service`` names it; the ledger has its log."""

    def __init__(self, message: str, move: str = "", *, service: str, **values: Any) -> None:
        super().__init__(message, move, service=service, **values)
        self.service = service


class NoReply(LearnerFault):
    """No whole HTTP reply came back: refused, reset, closed half way, or not in time."""


class BadReply(LearnerFault):
    """A reply came, and it is not what the contract says: no JSON, a missing field, another type."""
