"""Root's servers run as another user; a distribution that user cannot reach is copied once to where they can.

Folders on the way are never opened up: what lies in root's home stays closed to others.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from checker.backing.places import forget_unused, reachable
from checker.errors import N_, Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["within_reach"]

BASES = (Path("/var/cache"), Path("/var/tmp"))  # noqa: S108  (what lies there is taken only if it is root's own)


def within_reach(
    home: Path, parts: Sequence[str], program: str, uid: int | None, *, bases: Sequence[Path] = BASES
) -> Path:
    """Return a folder with ``parts`` of ``home`` in it whose ``program`` user ``uid`` can run: ``home``, or a copy.

    A copy is put into a folder "seamwork" of root's own in the first of ``bases`` that will do.
    Raises Blocked when there is no place for one.
    """
    if uid is None or reachable((home / program).parent, uid):
        return home
    found = (home / program).stat()
    key = hashlib.sha256(f"{home}|{program}|{found.st_size}|{found.st_mtime_ns}".encode()).hexdigest()[:16]
    for shelf in _shelves(bases, uid):
        with contextlib.suppress(OSError):
            return _copied(home, parts, shelf / f"{Path(program).name}-{key}")
    raise Blocked(
        N_("{program} lies where user id {uid} cannot run it, and there is no place for a copy."),
        N_("Put the environment where every user may read it, or make /var/cache writable."),
        program=str(home / program),
        uid=uid,
    )


def _shelves(bases: Sequence[Path], uid: int) -> Iterator[Path]:
    for base in bases:
        shelf = base / "seamwork"
        with contextlib.suppress(OSError):
            shelf.mkdir(mode=0o755, exist_ok=True)
            if _is_root_s_own(shelf) and reachable(shelf, uid):
                yield shelf


def _is_root_s_own(folder: Path) -> bool:
    """Tell whether only root could have put anything there. A symbolic link is not a folder."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _copied(home: Path, parts: Sequence[str], copy: Path) -> Path:
    if _complete(copy):
        os.utime(copy)
        return copy
    forget_unused(copy.parent)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=copy.parent))
    try:
        for part in parts:
            if (home / part).exists():
                _copy(home / part, draft / part)
        _open_to_readers(draft)
        _put(draft, copy)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return copy


def _complete(copy: Path) -> bool:
    try:
        return _is_root_s_own(copy)
    except FileNotFoundError:
        return False


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)


def _open_to_readers(draft: Path) -> None:
    for folder, _, files in os.walk(draft):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _put(draft: Path, copy: Path) -> None:
    """Name the finished draft; where another run was quicker, its copy is as good."""
    try:
        draft.rename(copy)
    except OSError:
        if not _complete(copy):
            raise
