"""All that a verdict hangs on beside the work that is judged, as one hash: where it is the same, so is the verdict."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checker.course import fingerprint
from checker.runtime.environment import lock_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.course import Course, Lab

__all__ = ["hash_of_judges", "hash_of_lock", "modules", "sha"]

CHECKER = Path(__file__).resolve().parents[1]
APART = {"cli", "notebook", "lessons", "report", "locale", "language.py", "_course", "verify", "grader"}
"""Parts of the checker that print, translate, or stand above a run: what a check comes to does not hang on them."""


def hash_of_judges(course: Course, *labs: Lab) -> str:
    """Return one hash of the labs' checks, the contract, the monolith, the lock file, and the checker itself."""
    checks = [path for lab in labs for path in (lab.folder / "checks").rglob("*.py") if "__pycache__" not in path.parts]
    top = course.root / "labs"
    return sha(fingerprint(*checks, top / "contract", top / "monolith", base=course.root), _checker())


def hash_of_lock() -> str:
    """Return the hash of the course's lock file, "" when it is not there."""
    lock = lock_file()
    return fingerprint(lock, base=lock.parent) if lock else ""


def modules(*parts: str) -> list[Path]:
    """List the modules below these parts of the checker ("verify", "grader/judging")."""
    files = [path for part in parts for path in (CHECKER / part).rglob("*") if path.suffix in {".py", ".ini"}]
    return [path for path in files if "__pycache__" not in path.parts]


def sha(*parts: str) -> str:
    """Return the SHA-256, in hexadecimal, of texts in a row."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _checker() -> str:
    """Return the hash of what can change an outcome, and of the lock file: as they were when first asked for."""
    return sha(fingerprint(*_judging(), base=CHECKER), hash_of_lock())


def _judging() -> Iterable[Path]:
    return [path for path in modules(".") if path.relative_to(CHECKER).parts[0] not in APART]
