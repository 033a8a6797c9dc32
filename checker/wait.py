"""Poll with a deadline; nothing in this package sleeps and hopes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from checker.errors import N_, LearnerFault

__all__ = ["eventually", "until"]

T = TypeVar("T")


def until(probe: Callable[[], T], *, within: float, every: float = 0.005) -> T:
    """Call ``probe`` every ``every`` seconds until it answers something true; the last answer, true or not."""
    deadline = time.monotonic() + within
    while not (found := probe()) and time.monotonic() < deadline:
        time.sleep(every)
    return found


def eventually(claim: Callable[[], T], *, within: float, what: str = "") -> T:
    """Return the first true answer of ``claim`` within ``within`` seconds.

    Raises LearnerFault with the last value found when it never came true.
    """
    found = until(claim, within=within)
    if not found:
        raise LearnerFault(
            N_("{what} did not come true within {within} s; the last value was {found!r}."),
            what=what or getattr(claim, "__name__", "this"),
            within=within,
            found=found,
        )
    return found
