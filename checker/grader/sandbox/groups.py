"""Control groups, where they can be had: how much memory and how many processes all of a house have together."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["ROOT", "Groups"]

ROOT = Path("/sys/fs/cgroup")
OURS = "seamwork"
FIRST = {  # by controller, in the first and in the second version: the file that says how much, and what it is called
    "memory": ("memory.limit_in_bytes", "memory.max"),
    "pids": ("pids.max", "pids.max"),
}
ABANDONED = 3600.0
"""Seconds after which a group is no longer about to be joined."""
NO_SWAP = ("memory.memsw.limit_in_bytes", "memory.swap.max")


class Groups:
    """Of one tester, removed when it closes. ``there`` names the controllers that can be had: "memory", "pids"."""

    def __init__(self, root: Path = ROOT) -> None:
        self._made: list[Path] = []
        self._homes = dict(_homes(root))
        self.there = sorted(self._homes)
        for home in {home for home, _ in self._homes.values()}:
            _sweep(home)

    def make(self, limits: Mapping[str, int]) -> list[str]:
        """Make a group with those limits, as far as there are any; return the files to join it by."""
        name = secrets.token_hex(8)
        joined = dict[str, None]()
        for controller, (home, version) in self._homes.items():
            group = home / name
            with contextlib.suppress(OSError):
                group.mkdir(exist_ok=True)
                if group not in self._made:
                    self._made.append(group)
                (group / FIRST[controller][version]).write_text(str(limits[controller]), "ascii")
                joined[str(group / "cgroup.procs")] = None
                if controller == "memory":
                    more = limits["memory"] if version == 0 else 0
                    (group / NO_SWAP[version]).write_text(str(more), "ascii")
        return list(joined)

    def close(self) -> None:
        """Remove them; who is still in them keeps them. Idempotent."""
        while self._made:
            with contextlib.suppress(OSError):
                self._made.pop().rmdir()


def _homes(root: Path) -> Iterator[tuple[str, tuple[Path, int]]]:
    """Yield the controllers we can use: where groups of ours go, and 0 or 1 for the version."""
    for controller in FIRST:
        for version, base in enumerate((root / controller, root)):
            home = base / OURS
            if not (base / "cgroup.procs").exists() or not _can_make(home):
                continue
            if version:
                with contextlib.suppress(OSError):
                    (home / "cgroup.subtree_control").write_text(f"+{controller}", "ascii")
                if controller not in (home / "cgroup.subtree_control").read_text("ascii").split():
                    continue
            yield controller, (home, version)
            break


def _can_make(home: Path) -> bool:
    with contextlib.suppress(OSError):
        home.mkdir(exist_ok=True)
    return os.access(home, os.W_OK)


def _sweep(home: Path) -> None:
    """Remove what testers left that were killed: groups that nobody is in, and that are not about to be joined."""
    for group in home.iterdir():
        with contextlib.suppress(OSError):
            if group.is_dir() and time.time() - group.stat().st_mtime > ABANDONED:
                group.rmdir()
