"""Which checks run, and which are blocked because one they build on did not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pytest

from checker.errors import N_, Blocked, EngineFault, Unshown
from checker.outcome import BlockedBy, Outcome
from checker.plugin.judge import Judgement

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
        self._judged: dict[str, Judgement] = {}

    def ended(self, key: str, judged: Judgement) -> None:
        """Note what a check came to."""
        self._judged[key] = judged

    def admit(self, item: pytest.Item, key: str) -> None:
        """Raise Unshown when a check this one builds on has not passed; Blocked when that was no doing of theirs."""
        lab = key.split(":", 1)[0]
        for name in prerequisites(item):
            before = self._judged[f"{lab}:{name}"]
            if before.outcome is not Outcome.PASSED:
                kind = Unshown if before.blocks is BlockedBy.WORK else Blocked
                raise kind(
                    N_("It builds on {before}, which has not passed."),
                    N_("Mend that one first."),
                    before=name.removeprefix("test_"),
                )
