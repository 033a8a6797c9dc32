"""The verdict of `%check`, read back from the lines that it was printed in: a page can set it for any width.

What is committed of a lesson's output is text (see checker/lessons/run.py), laid out for 100 columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from checker.outcome import Outcome
from checker.report.text import LABELS

__all__ = ["Part", "Told", "Verdict", "unwrapped", "verdict"]

_MARKS = {"✓": Outcome.PASSED, "✗": Outcome.FAILED, "○": Outcome.BLOCKED, "!": Outcome.BROKEN}
_HEAD = re.compile(r"(?P<lab>\d\d-[a-z0-9-]+) {3}(?P<count>\d.*)$")
_CLAIM = re.compile(r"(?P<mark>[✓✗○!]) (?P<claim>\S.*)$")
_WIDE = r"[\u2e80-\u9fff\uff00-\uffef，。；：、！？（）“”…]"
_FULL = 76
"""Characters from which on a line was probably broken because it was full."""


@dataclass
class Part:
    """Lines of a check below its claim. ``label`` is "" for what is said at once: a message, an assertion."""

    label: str
    lines: list[str]


@dataclass
class Told:
    """A check as it was printed."""

    outcome: Outcome
    claim: str
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """A whole run as it was printed; ``foot`` is what stands below the checks."""

    lab: str
    count: str
    checks: tuple[Told, ...]
    foot: tuple[str, ...]


def verdict(text: str, translate: Callable[[str], str]) -> Verdict | None:
    """Return what a run's text says, None when it is no run's. ``translate``: into the language it was printed in."""
    first, *lines = text.strip("\n").splitlines() or [""]
    head = _HEAD.fullmatch(first)
    if head is None or "" not in lines:
        return None
    end = lines.index("")
    labels = "|".join(re.escape(translate(label)) for label in LABELS)
    checks = tuple(_checks(lines[:end], re.compile(rf" +(?P<label>{labels}) {{3,}}(?P<value>\S.*)$")))
    return Verdict(head["lab"], head["count"], checks, tuple(lines[end + 1 :]))


def unwrapped(lines: Sequence[str]) -> str:
    """Join lines that were broken to fit; between two Chinese characters nothing stood."""
    whole = ""
    for line in lines:
        glue = "" if not whole or (re.search(f"{_WIDE}$", whole) and re.match(_WIDE, line)) else " "
        whole += glue + line.strip()
    return whole


def _checks(lines: Sequence[str], labelled: re.Pattern[str]) -> Iterator[Told]:
    told: Told | None = None
    for line in lines:
        if claim := _CLAIM.fullmatch(line):
            if told is not None:
                yield told
            told = Told(_MARKS[claim["mark"]], claim["claim"])
        elif told is not None:
            _take(told, line, labelled.fullmatch(line))
    if told is not None:
        yield told


def _take(told: Told, line: str, row: re.Match[str] | None) -> None:
    indent = len(line) - len(line.lstrip())
    if row is not None:
        told.parts.append(Part(row["label"], [row["value"]]))
    elif indent <= 2:  # noqa: PLR2004  (a claim's own second line)
        told.claim = unwrapped([told.claim, line])
    elif told.parts and (told.parts[-1].label or len(told.parts[-1].lines[-1]) >= _FULL):
        told.parts[-1].lines.append(line.strip() if not told.parts[-1].label else _value(line, indent))
    else:
        told.parts.append(Part("", [line.strip()]))


def _value(line: str, indent: int) -> str:
    """Keep an indent within the column of values, which begins at the 18th cell."""
    return line[min(indent, 18) :]
