"""Side by side: every case once a round, in turns, so that what slows the machine down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

__all__ = ["Absent", "Case", "load", "medians"]

Case = Callable[[], float]
"""Does a thing once, and returns what it cost: seconds, or whatever the row's unit is."""


class Absent(Exception):  # noqa: N818  (an answer, not a defect)
    """A tool that is measured beside ours is not on this machine; the text says which."""


def medians(cases: Mapping[str, Case], rounds: int) -> dict[str, float | str]:
    """Return each case's median of so many rounds, after one that is not counted; in words why there is none.

    Each round begins with another case. Raises whatever a case raises, Absent apart.
    """
    found: dict[str, float | str] = {}
    present: dict[str, list[float]] = {}
    for name, case in cases.items():
        try:
            case()
        except Absent as why:
            found[name] = str(why)
        else:
            present[name] = []
    for number in range(rounds):
        for name in _turned(list(present), number):
            present[name].append(cases[name]())
    return found | {name: median(costs) for name, costs in present.items()}


def _turned(names: list[str], by: int) -> list[str]:
    by %= len(names) or 1
    return names[by:] + names[:by]


def load() -> str:
    """Return how busy the machine is: the load averages of 1, 5 and 15 minutes, "unknown" where it does not say."""
    file = Path("/proc/loadavg")
    return " ".join(file.read_text().split()[:3]) if file.exists() else "unknown"
