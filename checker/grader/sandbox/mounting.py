"""Mounts, as the tester makes them in its own namespace."""

from __future__ import annotations

import struct
from pathlib import Path

from checker.runtime.celled import mount
from checker.runtime.locked import call

__all__ = ["private", "show", "take_down", "tmpfs"]

NOSUID, NODEV, BIND, REC, PRIVATE = 2, 4, 4096, 16384, 1 << 18
DETACH = 2
MOUNT_SETATTR, FROM_HERE, RECURSIVE = 442, -100, 0x8000  # AT_FDCWD, AT_RECURSIVE
RDONLY_NOSUID_NODEV = 0b111


def private() -> None:
    """Keep what is mounted from now on in this namespace."""
    mount("none", "/", "", REC | PRIVATE)


def tmpfs(where: Path, *, size: int, inodes: int = 65536, mode: str = "755") -> None:
    """Put an empty file system that takes at most ``size`` bytes on a folder."""
    mount("none", str(where), "tmpfs", NOSUID | NODEV, f"size={size},nr_inodes={inodes},mode={mode}")


def show(source: Path, target: Path) -> None:
    """Show ``source``, and what is mounted below it, at ``target``, which is made if it is not there; for reading only.

    What is the machine's is never to be written through a mount of ours: who clears up below it would clear it away.
    """
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir() if source.is_dir() else target.touch()
    mount(str(source), str(target), "", BIND | REC)
    _seal(target)


def take_down(where: Path) -> None:
    """Take down all that is mounted below a folder, in use or not."""
    for line in reversed(Path("/proc/self/mounts").read_text("utf-8").splitlines()):
        if (path := Path(line.split()[1])) != where and path.is_relative_to(where):
            call("umount2", str(path).encode(), DETACH)


def _seal(where: Path) -> None:
    """Let nobody write there, be more than they are by what lies there, or use a device, below it as well (Linux 5.12)."""
    wanted = struct.pack("QQQQ", RDONLY_NOSUID_NODEV, 0, 0, 0)
    call("syscall", MOUNT_SETATTR, FROM_HERE, str(where).encode(), RECURSIVE, wanted, len(wanted))
