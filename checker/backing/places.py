"""Where things lie: the cache that outlives a run, and the private folders that do not.

A private folder is locked (flock) by the checker that made it for as long as that checker lives. A folder nobody holds
is what a crash left behind, whatever its pid says, also across pid namespaces; the next start removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from checker.errors import N_, Blocked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["PrivateDir", "cache_dir", "forget_unused", "group_of", "reachable", "serve_as", "server_uid"]

LOCK = "owner.lock"
NEW = "seamwork-new-"
UNUSED = 30 * 86_400.0
NEWBORN = 3600.0
"""Seconds after which a folder that never got its lock counts as left behind."""


_appointed: list[int] = []


def serve_as(uid: int) -> None:
    """Have the servers of this process run as user ``uid``, who need not be known to the machine, where we are root."""
    _appointed[:] = [uid]


def group_of(uid: int) -> int:
    """Return a user's group; that of the same number where the machine does not know the user."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def server_uid() -> int | None:
    """Return the user that servers run as: nobody when we are root (PostgreSQL refuses root), None for ourselves."""
    if os.geteuid() != 0:
        return None
    if _appointed:
        return _appointed[0]
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError as lacking:
        raise Blocked(
            N_("Servers are not run as root, and this machine has no user {user!r} to run them as."),
            N_("Run as a plain user, or add that user."),
            user="nobody",
        ) from lacking


def reachable(path: Path, uid: int | None) -> bool:
    """Tell whether user ``uid`` (None: we) may enter the folder ``path``. Permission bits only; nothing is opened up."""
    if uid is None:
        return os.access(path, os.R_OK | os.X_OK)
    try:
        return all(_may_enter(folder, uid) for folder in [path.resolve(strict=True), *path.resolve().parents])
    except OSError:
        return False


def _may_enter(folder: Path, uid: int) -> bool:
    found = folder.stat()
    return bool(found.st_mode & (stat.S_IXUSR if found.st_uid == uid else stat.S_IXOTH))


def cache_dir(part: str) -> Path | None:
    """Return our own cache folder for ``part`` (mode 0700), or None where there can be none."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        folder = (base if base.is_absolute() else Path.home() / ".cache") / "seamwork" / part
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.stat()
    except (OSError, RuntimeError):  # a read-only home, or none at all
        return None
    ours = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder if ours and os.access(folder, os.W_OK) else None


def forget_unused(shelf: Path) -> None:
    """Remove what has lain in a cache for a month without being used. Whoever uses a folder there touches it."""
    for old in shelf.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run may be forgetting as well
            if time.time() - old.lstat().st_mtime > UNUSED:
                shutil.rmtree(old, ignore_errors=True)


class PrivateDir:
    """A folder of mode 0700 for one server, on shared memory where there is room, else in the temporary folder.

    ``path`` belongs to ``uid``. :meth:`close` removes it.
    """

    def __init__(self, kind: str, *, uid: int | None, need: int, roots: Sequence[Path] | None = None) -> None:
        """Make it, with ``need`` bytes free. Raises Blocked where there is no room."""
        self._prefix = f"seamwork-{kind}-"
        candidates = list(roots if roots is not None else _roots())
        root = next((root for root in candidates if _fits(root, uid, need)), None)
        if root is None:
            raise _no_room(candidates, need)
        self.path, self._lock = _locked(root, self._prefix)
        if uid is not None:
            os.chown(self.path, uid, group_of(uid))

    def sweep(self, before: Callable[[Path], object]) -> None:
        """Remove what crashed runs left beside this folder; ``before`` is called with each folder first."""
        for folder in _left_behind(self.path.parent, self._prefix):
            before(folder)
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder and all in it. Idempotent."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _roots() -> Iterator[Path]:
    yield Path("/dev/shm")  # noqa: S108  (made by mkdtemp, mode 0700)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108  (TMPDIR may be out of another user's reach)


def _fits(root: Path, uid: int | None, need: int) -> bool:
    if not (os.access(root, os.W_OK | os.X_OK) and root.is_dir() and reachable(root, uid)):
        return False
    return _free(root) >= need


def _free(root: Path) -> int:
    found = os.statvfs(root)
    return found.f_bavail * found.f_frsize


def _no_room(roots: Sequence[Path], need: int) -> Blocked:
    mebibyte = 1 << 20
    return Blocked(
        N_("A server needs {need} MiB of room and found it nowhere: {found}."),
        N_("Free some, or set TMPDIR to a folder that has it and that every user may enter."),
        need=need // mebibyte,
        found=", ".join(
            f"{root} {_free(root) // mebibyte} MiB" if os.access(root, os.W_OK) else f"{root} not writable"
            for root in dict.fromkeys(roots)
        ),
    )


def _locked(root: Path, prefix: str) -> tuple[Path, int]:
    """Make a folder that has its name only once it has its lock, so that no sweep meets it half made."""
    newborn = Path(tempfile.mkdtemp(prefix=NEW, dir=root))
    lock = os.open(newborn / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.write(lock, f"{os.getpid()}\n".encode())
    path = root / newborn.name.replace(NEW, prefix)
    newborn.rename(path)
    return path, lock


def _left_behind(root: Path, prefix: str) -> Iterator[Path]:
    for entry in os.scandir(root):
        if not entry.name.startswith((prefix, NEW)):
            continue
        folder = Path(entry.path)
        with contextlib.suppress(OSError):
            if _is_ours(folder) and _is_abandoned(folder):
                yield folder


def _is_ours(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid in {os.geteuid(), server_uid()}


def _is_abandoned(folder: Path) -> bool:
    if folder.name.startswith(NEW):  # its lock may be about to come
        return time.time() - folder.lstat().st_mtime > NEWBORN
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
