"""What a tester is asked to do, as plain values: it can be sent to another machine."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from checker.course import Tree
from checker.grader.model import Key

__all__ = ["LENGTH", "UNSAFE", "Limits", "Work"]

LENGTH = struct.Struct("!Q")
"""Before a work that is sent through a pipe: how many bytes it has."""

UNSAFE = "unsafe"
"""As a kind of sandbox: none."""


@dataclass(frozen=True)
class Limits:
    """Seconds that one check, and one submission with all its checks, may take. They end by force."""

    check: float = 120.0
    submission: float = 900.0


@dataclass(frozen=True)
class Work:
    """One submission to be judged. It does not say whose it is.

    ``trees`` as a Handin has them; ``private`` is the folder with the instructor's own checks, empty where there are none;
    ``course`` is where the course lies on the machine that judges, "" for its own.
    """

    key: Key
    trees: Mapping[str, Tree] = field(repr=False, hash=False)
    sandbox: str
    private: Tree = field(default_factory=dict, repr=False, hash=False)
    limits: Limits = Limits()
    course: str = ""
    lang: str = "en"
