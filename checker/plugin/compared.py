"""A comparison that failed, on one line: both values, and of what is long only what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["compared"]

SIDE = 140
"""Characters of one side."""


def compared(op: str, left: Any, right: Any) -> str:
    """Return "left == right" in a learner's width; pytest itself would leave thirty characters of each side."""
    if op == "==":
        left, right = _differing(left, right)
    return f"{_shown(left)} {op} {_shown(right)}"


class _Excerpt(str):
    """Words of our own, shown as they are."""

    __slots__ = ()


def _differing(left: Any, right: Any) -> tuple[Any, Any]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        same = {key for key in left.keys() & right.keys() if left[key] == right[key]}
        return tuple({key: side[key] for key in side if key not in same} for side in (left, right))  # type: ignore[return-value]  # two of them
    if _is_list(left) and _is_list(right) and max(len(_repr(left)), len(_repr(right))) > SIDE:
        return _first_differing(left, right)
    return left, right


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _first_differing(left: Sequence[Any], right: Sequence[Any]) -> tuple[Any, Any]:
    at = next((at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), None)
    if at is None:
        return _Excerpt(f"{len(left)} entries"), _Excerpt(f"{len(right)} entries")
    return tuple(_Excerpt(f"[… {_shown(side[at])} …]") for side in (left, right))  # type: ignore[return-value]  # two of them


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, _Excerpt) else _repr(value)
    return text if len(text) <= SIDE else f"{text[: SIDE // 2]} … {text[-SIDE // 2 :]}"


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  (a value that cannot be shown is still a value)
        return f"<{type(value).__name__} that cannot be shown>"
