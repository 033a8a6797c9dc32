"""What is known of a class, kept: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from checker.grader.store.run import Marking, Run
from checker.grader.store.store import Store
from checker.grader.store.values import WHYS, Entry, Found, Moved, Progress, RunInfo, State, Step, Why

__all__ = [
    "WHYS",
    "Entry",
    "Found",
    "Marking",
    "Moved",
    "Progress",
    "Run",
    "RunInfo",
    "State",
    "Step",
    "Store",
    "Why",
]
