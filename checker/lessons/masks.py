"""Make what differs from run to run the same: addresses, times, seeds, process ids, where things lie on this machine."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["leaks", "masked", "places"]

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (r"\b(127\.0\.0\.1|localhost):\d{2,5}\b", r"\1:PORT"),
        (r"\b[Pp]ort \d{4,5}\b", "port PORT"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:?\d\d)?", "TIME"),
        (r"(?:&lt;|<)?(?<![\d.])\d+(?:\.\d+)? ?(?:ms|µs)(?!\w)", "… ms"),
        (r"(?<![\d.])\d+\.\d+ ?s(?!\w)", "… ms"),  # a machine's mood decides whether it is 0.11 s or 98 ms
        (r"\b(seed|种子)([ =:]*)\d+", r"\1\2…"),
        (r"\bpid([ =:]*)\d+", r"pid\1…"),
        (r"\x1b\[[0-9;]*m", ""),
    )
)


def places(workspace: Path) -> Mapping[str, str]:
    """Return what stands in for each place on this machine, the longest path first."""
    known = {
        str(workspace): "~/bazaar",
        str(workspace.resolve()): "~/bazaar",
        sys.prefix: "~/seamwork/.venv",
        str(Path(__file__).resolve().parents[2]): "~/seamwork",
        str(Path.home()): "~",
    }
    return dict(sorted(known.items(), key=lambda pair: -len(pair[0])))


def masked(value: Any, known: Mapping[str, str]) -> Any:
    """Mask every text in a cell's output, however deep it lies."""
    if isinstance(value, str):
        for place, name in known.items():
            value = value.replace(place, name)
        for pattern, mask in _RULES:
            value = pattern.sub(mask, value)
        return value
    if isinstance(value, Mapping):
        return {key: masked(each, known) for key, each in value.items()}
    return [masked(each, known) for each in value] if isinstance(value, list) else value


def leaks(text: str) -> list[str]:
    """Name the places of this machine that are still in a text."""
    found: list[str] = re.findall(r"(?:/tmp|/root|/home/\w+|/Users/\w+|/private|/dev/shm|/var/folders)/[\w./-]*", text)
    return found
