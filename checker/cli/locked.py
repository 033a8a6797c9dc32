"""Whether what is installed is what the course's lock file says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checker.errors import N_
from checker.language import say
from checker.runtime.environment import lock_file

__all__ = ["compared"]

_PINNED = re.compile(r"^(?P<pin>[A-Za-z0-9][^\s\\#]*==[^\\#]*?)\s*\\?$", re.MULTILINE)
SHOWN = 3


def compared(lock: Path | None = None) -> tuple[bool, str]:
    """Compare the installed packages with the lock file; say how many are right, or which are missing or other."""
    lock = lock or lock_file()
    if lock is None:
        return False, say(N_("the course's lock file is not there"))
    installed = {
        canonicalize_name(each.metadata["Name"]): each.version for each in distributions() if each.metadata["Name"]
    }
    wanted = list(_pins(lock.read_text("utf-8")))
    wrong = [each for each in wanted if installed.get(canonicalize_name(each.name)) not in _versions(each)]
    if not wrong:
        return True, say(N_("{count}, each as locked"), count=len(wanted))
    told = [
        f"{each.name} {installed.get(canonicalize_name(each.name), '-')} ({each.specifier})" for each in wrong[:SHOWN]
    ]
    return False, say(N_("{count} missing, or not as locked: {some}"), count=len(wrong), some=", ".join(told))


def _pins(text: str) -> Iterator[Requirement]:
    for found in _PINNED.finditer(text):
        pin = Requirement(found["pin"])
        if pin.marker is None or pin.marker.evaluate():
            yield pin


def _versions(pin: Requirement) -> set[str]:
    return {specifier.version for specifier in pin.specifier}
