"""What is handed in: the learner's files, and those of their ``before-`` tags, in a zip that only depends on them.

The zip holds ``manifest.json``, ``tree/…`` and ``before-01/…``. No repository, no link, nothing that git ignores.
"""

import json
import os
import posixpath
import stat
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checker.course.tree import File, Tree, digest
from checker.course.workspace import Workspace, tag_before
from checker.errors import N_, UsageError

__all__ = ["MAX_FILE", "MAX_FILES", "MAX_TOTAL", "SCHEMA", "Packed", "pack", "pack_name"]

SCHEMA = "seamwork/pack/v1"
MAX_FILE = 4 * 1024 * 1024
MAX_TOTAL = 32 * 1024 * 1024
MAX_FILES = 1_000
"""Caps: bytes of one file, bytes and number of the files of one tree."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_IGNORE_IT = N_("Is it part of your work? If not, add it to .gitignore, and git rm --cached {path}.")


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed: where to, how many files, of which trees ("tree", "before-01")."""

    path: Path
    files: int
    trees: tuple[str, ...]


def pack_name(workspace: Workspace) -> str:
    """Return the usual name of what is handed in: "seamwork-02-bazaar.zip"."""
    return f"seamwork-{workspace.lab.number}-{workspace.path.name}.zip"


def pack(workspace: Workspace, to: Path) -> Packed:
    """Write the zip. The same files give the same bytes.

    Raises UsageError on what cannot be handed in (too large, too many, a link that leads out, a repository within).
    """
    trees: dict[str, Tree] = {"tree": _work_tree(workspace, to.absolute())}
    labs = workspace.course.labs
    tags = set(workspace.git.text("tag", "--list", "before-*").splitlines())
    for lab in labs[: labs.index(workspace.lab) + 1]:
        if tag_before(lab) in tags:
            trees[tag_before(lab)] = _committed_tree(workspace, f"refs/tags/{tag_before(lab)}")
    for tree in trees.values():
        _hold_size(tree)
    _write(to, _manifest(workspace, trees), trees)
    return Packed(to, sum(map(len, trees.values())), tuple(trees))


def _work_tree(workspace: Workspace, zipped: Path) -> Tree:
    names = workspace.git.names("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    paths = {name: workspace.path / name for name in sorted(set(names))}
    _hold_number(paths)
    return {name: _read(workspace.path, name) for name, path in paths.items() if _there(path) and path != zipped}


def _there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _read(top: Path, name: str) -> File:
    _hold_name(name)
    path = top / name
    real = path.resolve()
    if not real.is_relative_to(top.resolve()) or ".git" in real.relative_to(top.resolve()).parts:
        raise UsageError(
            N_("{path} is a link that leads out of the workspace."), N_("Put the file itself there."), path=name
        )
    try:
        about = real.stat()
        if not stat.S_ISREG(about.st_mode):
            raise UsageError(
                N_("{path} is no plain file, but a folder of its own (a repository?) or something stranger."),
                _IGNORE_IT,
                path=name,
            )
        if about.st_size > MAX_FILE:
            raise _too_large(name, about.st_size)
        return File(real.read_bytes(), bool(about.st_mode & stat.S_IXUSR))
    except OSError as reason:
        raise UsageError(
            N_("{path} cannot be read: {reason}."), _IGNORE_IT, path=name, reason=reason.strerror
        ) from None


def _committed_tree(workspace: Workspace, commit: str) -> Tree:
    entries = workspace.git.entries(commit)
    _hold_number([path for _, _, path in entries])
    for mode, _, path in entries:
        _hold_name(path)
        if not mode.startswith("100"):
            raise UsageError(
                N_("{path}, as {commit} has it, is a link or a repository of its own."),
                N_("Only plain files can be handed in. Set the tag on a commit without it."),
                path=path,
                commit=posixpath.basename(commit),
            )
    return workspace.git.tree(commit)


def _hold_name(name: str) -> None:
    if not name.isprintable() or "\\" in name:
        raise UsageError(N_("{path!r} is a name that not every system can unpack."), N_("Rename that file."), path=name)


def _hold_number(paths: Collection[str]) -> None:
    if len(paths) > MAX_FILES:
        folder, many = Counter(posixpath.dirname(path) for path in paths).most_common(1)[0]
        raise UsageError(
            N_("There are {count} files; at most {files} can be handed in."),
            N_("What is not your work goes into .gitignore: {many} of them are in {folder!r}."),
            count=len(paths),
            files=MAX_FILES,
            many=many,
            folder=folder,
        )


def _hold_size(tree: Tree) -> None:
    for path, file in tree.items():
        if len(file.data) > MAX_FILE:
            raise _too_large(path, len(file.data))
    total = sum(len(file.data) for file in tree.values())
    if total > MAX_TOTAL:
        largest = max(tree, key=lambda path: len(tree[path].data))
        raise UsageError(
            N_("Your files have {total} bytes in all; at most {cap} can be handed in."),
            N_("What is not your work goes into .gitignore; the largest is {largest}."),
            total=total,
            cap=MAX_TOTAL,
            largest=largest,
        )


def _too_large(path: str, size: int) -> UsageError:
    return UsageError(
        N_("{path} has {size} bytes; at most {cap} can be handed in."), _IGNORE_IT, path=path, size=size, cap=MAX_FILE
    )


def _manifest(workspace: Workspace, trees: Mapping[str, Tree]) -> File:
    listed = {name: [_listed(path, file) for path, file in tree.items()] for name, tree in trees.items()}
    manifest = {
        "schema": SCHEMA,
        "course": workspace.course.version,
        "lab": workspace.lab.name,
        "trees": listed,
    }
    return File((json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode())


def _listed(path: str, file: File) -> dict[str, Any]:
    return {"path": path, "size": len(file.data), "executable": file.executable, "sha256": digest(file)}


def _write(to: Path, manifest: File, trees: Mapping[str, Tree]) -> None:
    fresh = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(fresh, "w") as archive:
            for name, file in _members(manifest, trees):
                archive.writestr(_entry(name, file), file.data, zipfile.ZIP_DEFLATED, 6)
        fresh.replace(to)
    except OSError as reason:
        raise UsageError(
            N_("{path} cannot be written: {reason}."), N_("Name another place."), path=to, reason=reason.strerror
        ) from None
    finally:
        fresh.unlink(missing_ok=True)


def _members(manifest: File, trees: Mapping[str, Tree]) -> Iterator[tuple[str, File]]:
    yield "manifest.json", manifest
    for name, tree in trees.items():
        yield from ((f"{name}/{path}", tree[path]) for path in sorted(tree))


def _entry(name: str, file: File) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | (0o755 if file.executable else 0o644)) << 16
    return entry
