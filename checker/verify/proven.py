"""labs/<lab>/proven.json: what was proven of a lab, by content, so that nothing unchanged is proven twice.

{"key": "<all rows stand on this>", "rows": {"wrong/x": {"hash": "...", "passed": 11, "failed": ["test_a"], "blocked": []}}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from checker.course import Course, Lab, Tree, digest, fingerprint
from checker.runtime.environment import lock_file
from checker.session.judges import hash_of_judges, hash_of_lock, modules, sha
from checker.verify.rows import Kind, Row

__all__ = ["Entry", "hash_of", "key_of", "read", "write"]

VERIFY = Path(__file__).resolve().parent
SPEAKS = {"proof.py", "papers.py", "guide.py", "scaffold.py", "repeat.py"}
"""What is looked at on every run anyway, and what lays out new labs: no verdict hangs on it."""


@dataclass(frozen=True)
class Entry:
    """What a row came to when it was proven. ``hash`` says of which content."""

    hash: str
    passed: int
    failed: tuple[str, ...]
    blocked: tuple[str, ...]


def key_of(course: Course, lab: Lab) -> str:
    """Return one hash of what all rows of a lab stand on: what judges them, and how verify reads what came of it."""
    return sha(hash_of_judges(course, lab), _verify())


def hash_of(row: Row, key: str) -> str:
    """Return the hash of a row: what its lab stands on, the files it lays out, what is expected of it.

    How a solution is written hangs on its files and on the tools alone.
    """
    stands_on = _tools() if row.kind is Kind.FORM else key
    return sha(stands_on, row.kind, " ".join(sorted(row.kills)), _tree(row.tree))


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
    return sha(*(f"{path}\0{file.executable:d}{digest(file)}" for path, file in sorted(tree.items())))


@cache
def _verify() -> str:
    """Return the hash of our own modules that can change what a row comes to: as they were when first asked for."""
    return fingerprint(*(path for path in modules("verify") if path.name not in SPEAKS), base=VERIFY)


def _tools() -> str:
    lock = lock_file()
    dev = fingerprint(lock.with_name("dev.txt"), base=lock.parent) if lock else ""
    return sha(hash_of_lock(), dev, fingerprint(VERIFY / "form.py", base=VERIFY))
