"""What need not be written again: a student's files of last time, where all that they say is the same.

What was written is noted beside the files, in ``.exports.json``: by student, what the files stand on, and each file's size
and time. A file that somebody has changed since is written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from checker.course import fingerprint
from checker.grader.exports.left import Left
from checker.grader.exports.subject import Subject
from checker.grader.store import Entry
from checker.outcome import Message
from checker.session.judges import CHECKER, modules

__all__ = ["NOTE", "Kept", "ground", "kept_in", "stamp", "take_over", "written"]

NOTE = ".exports.json"
_SCHEMA = "seamwork/exports/v1"


@dataclass(frozen=True)
class Kept:
    """One student's files as they were written. ``files``: path, size and time in nanoseconds; ``left``: which it is not in, and why."""

    stamp: str
    sandbox: str
    left: list[tuple[str, str]]
    files: list[tuple[str, int, int]]

    def missing(self, student: str) -> list[Left]:
        """Return in which files this student is not."""
        return [Left(student, file, Message(why)) for file, why in self.left]


def ground(subject: Subject) -> str:
    """Return the hash of all that a student's files say beside the student: the lab, the language, the way it is said."""
    ours = modules("grader/exports", "report")
    beside = [
        path
        for part in ("grader/exports", "report", "locale")
        for path in (CHECKER / part).rglob("*.*")
        if path.is_file()
    ]
    code = fingerprint(*{*ours, *(path for path in beside if path.suffix in {".css", ".mo"})}, base=CHECKER)
    checks = [dict(lab.checks) for lab in (subject.lab, *subject.before)] + [dict(subject.private)]
    said = (subject.voice.lang, subject.title, subject.column, subject.classroom, checks)
    return hashlib.sha256(f"{code}\n{said!r}".encode("utf-8", "surrogatepass")).hexdigest()


def stamp(entry: Entry, slug: str, ground: str) -> str:
    """Return the hash of all that one student's files say."""
    return hashlib.sha256(f"{ground}\n{slug}\n{entry!r}".encode("utf-8", "surrogatepass")).hexdigest()


def kept_in(folder: Path) -> Mapping[str, Kept]:
    """Return what is there of last time, by the name of a student's files; nothing where it cannot be made out."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((folder / NOTE).read_text("utf-8"))
        return {slug: Kept(**each) for slug, each in found["students"].items()} if found["schema"] == _SCHEMA else {}
    return {}


def written(kept: Mapping[str, Kept]) -> str:
    """Return the note of what was written."""
    return json.dumps({"schema": _SCHEMA, "students": {slug: asdict(each) for slug, each in kept.items()}})


def take_over(kept: Kept, old: Path, new: Path) -> bool:
    """Link a student's files into the new folder, or copy them; whether all are as they were left."""
    try:
        found = [(old / path).lstat() for path, _, _ in kept.files]
        if [(each.st_size, each.st_mtime_ns) for each in found] != [(size, time) for _, size, time in kept.files]:
            return False
        for path, _, _ in kept.files:
            _link(old / path, new / path)
    except OSError:
        for path, _, _ in kept.files:
            (new / path).unlink(missing_ok=True)
        return False
    return True


def _link(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:  # a file system without links
        shutil.copy2(old, new, follow_symlinks=False)
