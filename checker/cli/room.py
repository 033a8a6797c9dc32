"""How much memory and disk there is, and how much the labs want."""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MEBIBYTE", "ROOM", "Room", "free_disk", "free_memory", "room_for"]

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Room:
    """MiB that must be free: in memory, and where workspaces and temporary files go."""

    memory: int
    disk: int


ROOM = {"": Room(1024, 1024), "docker": Room(2048, 4096), "kubernetes": Room(3072, 6144)}
"""By need, "" for every lab: services, PostgreSQL and Valkey take 400 MiB, JupyterLab as much again at its worst; in
containers nothing is forked, and the images of four services, PostgreSQL and Redis take 2 GiB; a node another 600 MiB."""


def room_for(needs: Iterable[str]) -> Room:
    """Return what a lab with these needs wants."""
    rooms = [ROOM[need] for need in ("", *needs) if need in ROOM]
    return Room(max(room.memory for room in rooms), max(room.disk for room in rooms))


def free_disk() -> dict[Path, int]:
    """Return the MiB free in the current folder and, where that is another file system, in the temporary one."""
    places = [Path.cwd(), Path(tempfile.gettempdir())]
    by_device = {place.stat().st_dev: place for place in reversed(places)}
    return {place: shutil.disk_usage(place).free // MEBIBYTE for place in places if place in by_device.values()}


def free_memory(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the MiB that we may still take: what the machine has left, or what our container has."""
    import psutil  # noqa: PLC0415  (only doctor asks)

    return int(min(psutil.virtual_memory().available, _left_in(groups)) // MEBIBYTE)


def _left_in(groups: Path) -> float:
    """Return the bytes left to our control group, version 2 or 1. Files it has read are given back when asked for."""
    for stat, limit, used in (
        ("memory.stat", "memory.max", "memory.current"),
        ("memory/memory.stat", "memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # no such group, or "max"
            kept = re.search(r"^(?:total_)?inactive_file (\d+)$", (groups / stat).read_text(), re.MULTILINE)
            taken = int((groups / used).read_text()) - (int(kept[1]) if kept else 0)
            return int((groups / limit).read_text()) - taken
    return math.inf
