"""Side by side: every case once a round, in turns, so that what slows the machine down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from statistics import median

__all__ = ["Absent", "Case", "load", "medians"]

Case = Callable[[], float]
"""Does a thing once, and returns what it cost: seconds, or whatever the row's unit is."""


class Absent(Exception):  # noqa: N818  (an answer, not a defect)
    """A tool that is measured beside ours is not on this machine; the text says which."""


def medians(cases: Mapping[str, Case], rounds: int, *, heavy: Collection[str] = ()) -> dict[str, float | str]:
    """Return each case's median of so many rounds, after one that is not counted; in words why there is none.

    Each round begins with another case. ``heavy`` cases, beside which a first time is nothing, have no round that is
    not counted. Raises whatever a case raises, Absent apart.
    """
    costs: dict[str, list[float]] = {name: [] for name in cases}
    absent: dict[str, str] = {}
    for number in range(rounds + 1):
        for name in _turned(list(cases), number):
            if name in absent or (name in heavy and not number):
                continue
            try:
                costs[name].append(cases[name]())
            except Absent as why:
                absent[name] = str(why)
    return {name: absent.get(name) or median(each[-rounds:]) for name, each in costs.items()}


def _turned(names: list[str], by: int) -> list[str]:
    by %= len(names) or 1
    return names[by:] + names[:by]


def load() -> str:
    """Return how busy the machine is: the load averages of 1, 5 and 15 minutes, "unknown" where it does not say."""
    file = Path("/proc/loadavg")
    return " ".join(file.read_text().split()[:3]) if file.exists() else "unknown"
