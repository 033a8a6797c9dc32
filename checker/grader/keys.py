"""The two halves of a Key that are the same for a whole class: what judges, and on what."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from checker.course import fingerprint
from checker.course.tree import digest
from checker.session.judges import CHECKER, hash_of_judges, hash_of_lock, modules, sha

if TYPE_CHECKING:
    from checker.course import Course, Lab, Tree

__all__ = ["checks_of", "environment_of"]

JUDGING = ("grader/judging", "grader/sandbox")
"""The parts of the grader on which an outcome hangs."""


def checks_of(course: Course, lab: Lab, private: Tree | None = None) -> str:
    """Return the hash of all that judges a lab: its checks and those before it, the private ones, contract, engine.

    What a check is worth, and what is said about it, is not in it: a mark is made anew from what is known.
    """
    labs = [each for each in course.labs if each.number <= lab.number]
    ours = fingerprint(*modules(*JUDGING), base=CHECKER)
    return sha(
        hash_of_judges(course, *labs),
        ours,
        *(f"{path}\0{digest(file)}" for path, file in (private or {}).items() if path.endswith(".py")),
    )


def environment_of(sandbox: str, *beside: str) -> str:
    """Return the hash of what the work runs on: Python, the lock file, the kind of sandbox, and what is named beside."""
    return sha(platform.python_implementation(), platform.python_version(), hash_of_lock(), sandbox, *beside)
