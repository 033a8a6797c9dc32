"""A folder's files as plain values: what the chain adds up, what git gets, what a hash is taken of."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from checker.errors import N_, EngineFault

__all__ = ["File", "Tree", "digest", "fingerprint", "read_tree", "write_tree"]

_JUNK = {
    "__pycache__",
    ".git",
    ".venv",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".DS_Store",
}
"""What tools leave behind. Never part of a course."""


class File(NamedTuple):
    """A file's bytes, and whether it may be run."""

    data: bytes
    executable: bool = False


Tree = Mapping[str, File]
"""Files by POSIX path, relative to the tree's top."""


def digest(file: File) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal."""
    return hashlib.sha256(file.data).hexdigest()


def read_tree(folder: Path) -> dict[str, File]:
    """Read all files below a folder, in the order of their paths; nothing for a folder that is not there.

    Leaves out what tools leave behind. Raises EngineFault on a symbolic link: a course holds none.
    """
    found = {path.relative_to(folder).as_posix(): _read(path) for path in _walk(folder)}
    return dict(sorted(found.items()))


def write_tree(tree: Tree, folder: Path) -> None:
    """Write the files below a folder, making folders as needed. Raises OSError as the system does."""
    for parent in {(folder / path).parent for path in tree}:
        parent.mkdir(parents=True, exist_ok=True)
    for path, file in tree.items():
        target = folder / path
        target.write_bytes(file.data)
        if file.executable:
            target.chmod(target.stat().st_mode | 0o111)


def fingerprint(*paths: Path, base: Path) -> str:
    """Return one SHA-256 over files and folders: their paths from ``base``, bytes and executable bits.

    What is absent counts for nothing; the order of ``paths`` does not count, nor where ``base`` lies.
    """
    total = hashlib.sha256()
    for path in sorted(set(paths)):
        name = path.relative_to(base).as_posix()
        files = {"": _read(path)} if path.is_file() else read_tree(path)
        for below, file in files.items():
            total.update(f"{name}\0{below}\0{file.executable:d}{digest(file)}\n".encode())
    return total.hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in _JUNK or entry.name.endswith(".pyc"):
                continue
            if entry.is_symlink():
                raise EngineFault(
                    N_("{path} is a symbolic link, which a course may not hold."),
                    N_("Put a file in its place."),
                    path=entry.path,
                )
            if entry.is_dir():
                yield from _walk(Path(entry.path))
            else:
                yield Path(entry.path)


def _read(path: Path) -> File:
    return File(path.read_bytes(), bool(path.stat().st_mode & 0o100))
