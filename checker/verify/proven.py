"""labs/<lab>/proven.json: what was proven of a lab, by content, so that nothing unchanged is proven twice.

{"key": "<all rows stand on this>", "rows": {"wrong/x": {"hash": "...", "passed": 11, "failed": ["test_a"], "blocked": []}}}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from checker.course import Course, Lab, Tree, digest, fingerprint
from checker.runtime.environment import lock_file
from checker.verify.rows import Kind, Row

__all__ = ["Entry", "hash_of", "key_of", "read", "write"]

CHECKER = Path(__file__).resolve().parents[1]
FACES = {"cli", "notebook", "lessons", "report", "locale", "language.py", "_course"}
"""Parts of the checker that print or translate: no verdict hangs on them."""
SPEAKS = {"verify/proof.py", "verify/papers.py", "verify/guide.py", "verify/scaffold.py", "verify/repeat.py"}
"""Likewise in here: what is looked at on every run anyway, and what lays out new labs."""


@dataclass(frozen=True)
class Entry:
    """What a row came to when it was proven. ``hash`` says of which content."""

    hash: str
    passed: int
    failed: tuple[str, ...]
    blocked: tuple[str, ...]


def key_of(course: Course, lab: Lab) -> str:
    """Return one hash of what all rows of a lab stand on: its checks, the contract, the monolith, lock file, checker."""
    checks = [path for path in (lab.folder / "checks").rglob("*.py") if "__pycache__" not in path.parts]
    labs = course.root / "labs"
    course_side = fingerprint(*checks, labs / "contract", labs / "monolith", base=course.root)
    return _sha(course_side, _checker())


def hash_of(row: Row, key: str) -> str:
    """Return the hash of a row: what its lab stands on, the files it lays out, what is expected of it.

    How a solution is written hangs on its files and on the tools alone.
    """
    stands_on = _tools() if row.kind is Kind.FORM else key
    return _sha(stands_on, row.kind, " ".join(sorted(row.kills)), _tree(row.tree))


def read(lab: Lab) -> Mapping[str, Entry]:
    """Return what was proven, by row; nothing when it cannot be read."""
    with suppress(OSError, ValueError, TypeError, AttributeError, KeyError):
        rows = json.loads(_file(lab).read_text("utf-8"))["rows"]
        return {name: _entry(entry) for name, entry in rows.items()}
    return {}


def write(lab: Lab, key: str, rows: Mapping[str, Entry]) -> None:
    """Keep what was proven. What is the same already is left alone; a folder that cannot be written stays as it is."""
    found = json.dumps({"key": key, "rows": {name: asdict(rows[name]) for name in sorted(rows)}}, indent=1) + "\n"
    with suppress(OSError):
        if not _file(lab).exists() or _file(lab).read_text("utf-8") != found:
            _file(lab).write_text(found, "utf-8")


def _entry(entry: Mapping[str, object]) -> Entry:
    return Entry(str(entry["hash"]), int(str(entry["passed"])), _names(entry["failed"]), _names(entry["blocked"]))


def _names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise TypeError(names)
    return tuple(str(name) for name in names)


def _file(lab: Lab) -> Path:
    return lab.folder / "proven.json"


def _tree(tree: Tree) -> str:
    return _sha(*(f"{path}\0{file.executable:d}{digest(file)}" for path, file in sorted(tree.items())))


@cache
def _checker() -> str:
    """Return the hash of every module that can change a verdict, and of the lock file: as they were when first asked for."""
    files = [
        path for path in CHECKER.rglob("*") if path.suffix in {".py", ".ini"} and _judges(path.relative_to(CHECKER))
    ]
    return _sha(fingerprint(*files, base=CHECKER), _lock())


def _judges(path: Path) -> bool:
    return path.parts[0] not in FACES and path.as_posix() not in SPEAKS and "__pycache__" not in path.parts


def _lock() -> str:
    lock = lock_file()
    return fingerprint(lock, base=lock.parent) if lock else ""


def _tools() -> str:
    lock = lock_file()
    dev = fingerprint(lock.with_name("dev.txt"), base=lock.parent) if lock else ""
    return _sha(_lock(), dev, fingerprint(CHECKER / "verify" / "form.py", base=CHECKER))


def _sha(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
