"""Which checks run, and which are blocked because one they build on did not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest

from checker.errors import N_, Blocked, EngineFault
from checker.outcome import Outcome

__all__ = ["Gate", "named", "selected"]

Key = Callable[[pytest.Item], str]


def prerequisites(item: pytest.Item) -> list[str]:
    """Return the names a check is marked to come after."""
    return [name for marker in item.iter_markers("after") for name in marker.args]


def selected(items: Sequence[pytest.Item], key: Key, only: Iterable[str], replaced: Iterable[str]) -> list[pytest.Item]:
    """Return what is to run, prerequisites first: all but the replaced, or what ``only`` names and what that builds on."""
    by_key = {key(item): item for item in items if key(item) not in set(replaced)}
    wanted = [k for k in by_key if not only or any(named(k, name) for name in only)]
    ordered: dict[str, pytest.Item] = {}
    for k in wanted:
        _add(k, by_key, ordered, ())
    return list(ordered.values())


def named(key: str, name: str) -> bool:
    """Tell whether ``name`` ("01:test_x", "01:x", "test_x" or "x") means the check ``key`` ("01:test_x")."""
    lab, full = key.split(":", 1)
    short = full.removeprefix("test_")
    return name in (key, f"{lab}:{short}", full, short)


def _add(key: str, by_key: dict[str, pytest.Item], ordered: dict[str, pytest.Item], above: tuple[str, ...]) -> None:
    if key in ordered:
        return
    lab = key.split(":", 1)[0]
    for name in prerequisites(by_key[key]):
        before = f"{lab}:{name}"
        if before not in by_key or before in above:
            raise EngineFault(
                N_("{check} comes after {before!r}, which is no check beside it."), check=key, before=name
            )
        _add(before, by_key, ordered, (*above, key))
    ordered[key] = by_key[key]


class Gate:
    """Remembers what each check came to, and lets through what stands on passed ones."""

    def __init__(self) -> None:
        self._outcomes: dict[str, Outcome] = {}

    def ended(self, key: str, outcome: Outcome) -> None:
        """Note what a check came to."""
        self._outcomes[key] = outcome

    def admit(self, item: pytest.Item, key: str) -> None:
        """Raise Blocked when a check this one builds on has not passed."""
        lab = key.split(":", 1)[0]
        for name in prerequisites(item):
            outcome = self._outcomes.get(f"{lab}:{name}")
            if outcome is not Outcome.PASSED:
                raise Blocked(
                    N_("It builds on {before}, which has not passed."),
                    N_("Mend that one first."),
                    before=name.removeprefix("test_"),
                )
