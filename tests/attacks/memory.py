"""What a process has in its memory, as root sees it."""

from __future__ import annotations

import contextlib
from pathlib import Path

__all__ = ["remembers"]


def remembers(pid: int, words: bytes) -> bool:
    """Tell whether ``words`` are anywhere in the memory that a process can write to."""
    with Path(f"/proc/{pid}/maps").open(encoding="utf-8") as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if " rw" in line:
                with contextlib.suppress(OSError):
                    memory.seek(start)
                    if words in memory.read(end - start):
                        return True
    return False
