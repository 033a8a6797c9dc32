"""What was measured, as rows: for people a Markdown table, for tools a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Row", "as_list", "markdown", "ratio", "row"]


@dataclass(frozen=True)
class Row:
    """One number. ``value`` is a median, or why there is none; ``target`` the most it may be.

    ``peer`` names the row it is held against, and ``ratio`` is this value divided by that one's.
    """

    name: str
    value: float | str
    unit: str
    target: float | None = None
    peer: str | None = None
    ratio: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is kept; None where there is no target, or no number."""
        return self.value <= self.target if self.target is not None and isinstance(self.value, float) else None


def row(name: str, value: float | str, unit: str = "s", *, target: float | None = None, peer: Row | None = None) -> Row:
    """Make a row, and say how it stands to its peer where both are numbers."""
    return Row(name, value, unit, target, peer.name if peer else None, _divided(value, peer))


def ratio(name: str, ours: Row, peer: Row, *, target: float) -> Row:
    """Make the row that holds two rows' ratio to a target."""
    divided = _divided(ours.value, peer)
    return Row(name, "not measured" if divided is None else divided, "×", target, peer.name, divided)


def _divided(value: float | str, peer: Row | None) -> float | None:
    numbers = isinstance(value, float) and peer is not None and isinstance(peer.value, float) and peer.value
    return value / peer.value if numbers else None  # type: ignore[operator,union-attr]


def as_list(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows as plain JSON."""
    return [
        {
            "name": each.name,
            "value": _rounded(each.value),
            "unit": each.unit,
            "target": each.target,
            "peer": each.peer,
            "ratio": _rounded(each.ratio),
            "met": each.met,
        }
        for each in rows
    ]


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| what | median | target | met | beside | ratio |", "| --- | ---: | ---: | :---: | --- | ---: |"]
    return "\n".join([*lines, *map(_line, rows)])


def _line(each: Row) -> str:
    value = each.value if isinstance(each.value, str) else f"{_short(each.value)} {each.unit}"
    target = "" if each.target is None else f"≤ {each.target:g} {each.unit}"
    met = {True: "yes", False: "**no**", None: ""}[each.met]
    divided = "" if each.ratio is None else f"{each.ratio:.2f}"
    return f"| {each.name} | {value} | {target} | {met} | {each.peer or ''} | {divided} |"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004  (three figures)


def _rounded(value: float | str | None) -> float | str | None:
    return round(value, 4) if isinstance(value, float) else value
