"""A fault that only a Redis tap has: a command is answered with an error, and the server never sees it."""

from __future__ import annotations

from dataclasses import dataclass

from checker.evidence.taps.orders import TapFault

__all__ = ["Failed"]


@dataclass(eq=False)
class Failed(TapFault):
    """Answers a command with ``error``, "LOADING …" without the sign before it."""

    error: str = ""
