"""One lab on one workspace: from the learner's folder to results on the disk, or to a shop that stays up.

Each part is imported when it is first used: who talks to the shop that is up need not wait for pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.session.runs import save
    from checker.session.session import check
    from checker.session.up import Up
    from checker.session.up_start import start_up

__all__ = ["Up", "check", "save", "start_up"]

_HOMES = {"Up": "up", "check": "session", "save": "runs", "start_up": "up_start"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
