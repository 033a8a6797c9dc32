"""A folder of files laid over a tree, which records the version of each file that it replaces or deletes.

So a change below is a loud error, never a silent revert. The record is the folder's ``overlay.toml``::

    base = "start"                      # of a right/ version only: what it is laid over; otherwise the solution

    [replaces]
    "shop/orders.py" = "<sha256 of the version below>"

    [deletes]
    "shop/old.py" = "<sha256 of the version below>"

An author writes ``deletes = ["shop/old.py", "shop/pages/"]`` and lets ``seamwork verify --record`` add the hashes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from checker.course.strict import Table, read_toml
from checker.course.tree import File, Tree, digest, read_tree
from checker.errors import N_, EngineFault

__all__ = ["NOT_LAID", "Overlay", "Recorded"]

NOT_LAID = ("WHY.md", "NOTE.md", "overlay.toml")
"""What lies at an overlay's top for people and for us, and is no part of what it lays out."""

_BASES = ("solution", "start")
_HASH = 64  # characters of a SHA-256 in hexadecimal
_RECORD = N_("Look at what changed below and carry it over; then: seamwork verify --record")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording changed in one overlay. ``old`` and ``new`` are hashes; None: there was, or is, no entry."""

    overlay: str  # "solutions/01-boundaries"
    what: str  # "replaces" or "deletes"
    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Overlay:
    """One overlay of the course at ``root``. A folder that is not there lays out nothing."""

    folder: Path
    root: Path

    @property
    def name(self) -> str:
        """The folder from the course's root on, "solutions/01-boundaries"."""
        return self.folder.relative_to(self.root).as_posix()

    @property
    def base(self) -> str:
        """What a right/ version is laid over: "solution" or "start"."""
        return self._record[0]

    @cached_property
    def files(self) -> Tree:
        """What it lays out."""
        return {path: file for path, file in read_tree(self.folder).items() if path not in NOT_LAID}

    def lay(self, base: Tree) -> dict[str, File]:
        """Return the tree with this overlay on it.

        Raises EngineFault where a replaced or deleted file is not the version recorded, or nothing is recorded.
        """
        _, replaces, deletes = self._record
        for path in replaces.keys() - self.files.keys():
            raise self._fault(
                N_("{file} records that {path} is replaced, but {overlay} has no such file."),
                N_("Put the file there, or take the entry out: seamwork verify --record"),
                path,
            )
        for path in self.files.keys() & base.keys() | replaces.keys():
            self._hold("replaces", path, replaces.get(path), base.get(path))
        for path, recorded in deletes.items():
            self._hold("deletes", path, recorded, base.get(path))
        return {path: file for path, file in {**base, **self.files}.items() if path not in deletes}

    def record(self, base: Tree) -> list[Recorded]:
        """Write into overlay.toml what this overlay replaces and deletes now; return what changed in it.

        Raises EngineFault on the deletion of a file that is not there, or that this overlay brings itself.
        """
        at, replaced, deleted = self._record
        replaces = {path: digest(base[path]) for path in self.files if path in base}
        deletes = {path: digest(base[path]) for entry in deleted for path in self._meant(entry, base)}
        if changes := self._changes("replaces", replaced, replaces) + self._changes("deletes", deleted, deletes):
            self._write(at, replaces, deletes)
            self.__dict__.pop("_record", None)
        return changes

    def _changes(self, what: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Recorded]:
        pairs = {path: (before.get(path) or None, after.get(path)) for path in sorted({*before, *after})}
        return [Recorded(self.name, what, path, old, new) for path, (old, new) in pairs.items() if old != new]

    def _hold(self, what: str, path: str, recorded: str | None, below: File | None) -> None:
        if below is None:
            raise self._fault(
                N_("{file} {what} {path}, which is not there below it."),
                N_("Take the entry out, or mend the path."),
                path,
                what=what,
            )
        if not recorded:
            raise self._fault(
                N_("{overlay} {what} {path}, but {file} does not record which version of it."), _RECORD, path, what=what
            )
        if recorded != digest(below):
            raise self._fault(
                N_("{overlay} {what} {path} as it was ({recorded:.12}…), but below it is {found:.12}… now."),
                _RECORD,
                path,
                what=what,
                recorded=recorded,
                found=digest(below),
            )

    def _meant(self, entry: str, base: Tree) -> list[str]:
        paths = [path for path in base if path == entry or (entry.endswith("/") and path.startswith(entry))]
        if not paths:
            self._hold("deletes", entry, None, None)
        for path in self.files.keys() & set(paths):
            raise self._fault(
                N_("{file} deletes {path}, which {overlay} brings."), N_("Do one of the two, not both."), path
            )
        return paths

    @cached_property
    def _record(self) -> tuple[str, Mapping[str, str], Mapping[str, str]]:
        file = self.folder / "overlay.toml"
        table = read_toml(file) if file.exists() else Table(file, {})
        base = table.take("base", str, _BASES[0])
        if base not in _BASES:
            raise table.wrong("base", base, " or ".join(_BASES))
        record = base, _hashes(table.table("replaces")), _deletes(table)
        table.close()
        return record

    def _write(self, base: str, replaces: Mapping[str, str], deletes: Mapping[str, str]) -> None:
        lines = ["# Written by `seamwork verify --record`: the versions that this overlay was made for.\n"]
        if base != _BASES[0]:
            lines.append(f'base = "{base}"\n')
        for name, entries in (("replaces", replaces), ("deletes", deletes)):
            if entries:
                lines.append(f"\n[{name}]\n")
            lines += [f'{json.dumps(path, ensure_ascii=False)} = "{entries[path]}"\n' for path in sorted(entries)]
        (self.folder / "overlay.toml").write_text("".join(lines), "utf-8")

    def _fault(self, message: str, move: str, path: str, **values: Any) -> EngineFault:
        where = f"{self.name}/overlay.toml"
        return EngineFault(message, move, overlay=self.name, file=where, path=path, **values)


def _hashes(table: Table) -> Mapping[str, str]:
    hashes = {path: table.take(path, str) for path in table.keys()}  # noqa: SIM118  (taking empties it)
    for path, value in hashes.items():
        if len(value) != _HASH or value.strip("0123456789abcdef"):
            raise table.wrong(path, value, "a SHA-256 in hexadecimal, as seamwork verify --record writes it")
    return hashes


def _deletes(table: Table) -> Mapping[str, str]:
    if isinstance(table.peek("deletes"), list):
        return dict.fromkeys(table.texts("deletes"), "")
    return _hashes(table.table("deletes"))
