"""What `seamwork pack` made, taken apart again: its manifest must say of every file what is there.

That shows what was changed by accident on the way; a learner can write the manifest as they can write the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from checker.course.pack import SCHEMA
from checker.course.tree import File, digest
from checker.errors import N_
from checker.grader.intake.malformed import Malformed, shown
from checker.grader.intake.names import left_out

__all__ = ["MANIFEST", "is_pack", "unpack"]

MANIFEST = "manifest.json"
_TREE = re.compile(r"tree|before-\d\d")
_AGAIN = N_("Hand in the file as `seamwork pack` made it, unchanged.")


def is_pack(files: Mapping[str, File]) -> bool:
    """Tell whether this is `seamwork pack`'s, or was: a manifest, and files below ``tree/``."""
    return MANIFEST in files and any(path.startswith("tree/") for path in files)


def unpack(files: Mapping[str, File]) -> dict[str, dict[str, File]]:
    """Return the trees: "tree", "before-02". Raises Malformed where the manifest is none, or says something else."""
    trees = _trees(files[MANIFEST].data)
    listed = {f"{tree}/{entry['path']}": entry for tree, entries in trees.items() for entry in entries}
    listed = {path: entry for path, entry in listed.items() if not _left_out(path)}
    found = {path: file for path, file in files.items() if path != MANIFEST and not _left_out(path)}
    for path in sorted(found.keys() ^ listed.keys()):
        message = N_("The manifest names {path!r}, which is not there.")
        raise _wrong(N_("{path!r} is there, and the manifest does not name it.") if path in found else message, path)
    taken: dict[str, dict[str, File]] = {tree: {} for tree in trees}
    for path, entry in listed.items():
        tree, _, name = path.partition("/")
        taken[tree][name] = _checked(path, found[path], entry)
    return taken


def _left_out(path: str) -> bool:
    return left_out(tuple(path.split("/"))[1:])


def _checked(path: str, file: File, entry: Mapping[str, Any]) -> File:
    if (len(file.data), digest(file)) != (entry["size"], entry["sha256"]):
        raise _wrong(N_("{path!r} is not what the manifest says: its size or its hash is another."), path)
    return File(file.data, entry["executable"])


def _trees(raw: bytes) -> dict[str, list[dict[str, Any]]]:
    manifest = _parsed(raw)
    if manifest.get("schema") != SCHEMA:
        raise Malformed(
            N_("Its manifest follows {found!r}; {expected!r} is what this version reads."),
            N_("Pack it with the course's current version."),
            found=shown(manifest.get("schema")),
            expected=SCHEMA,
        )
    trees = manifest.get("trees")
    if not isinstance(trees, dict) or "tree" not in trees or not all(map(_TREE.fullmatch, trees)):
        raise _wrong(N_("{path!r} does not list the trees that it should."), MANIFEST)
    if not all(isinstance(entries, list) and all(map(_is_entry, entries)) for entries in trees.values()):
        raise _wrong(N_("{path!r} lists something that is no file's path, size, bit and hash."), MANIFEST)
    return trees


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(raw)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise _wrong(N_("{path!r} is no JSON object."), MANIFEST)
    return manifest


def _is_entry(entry: object) -> bool:
    kinds = {"path": str, "size": int, "executable": bool, "sha256": str}
    return isinstance(entry, dict) and all(type(entry.get(key)) is kind for key, kind in kinds.items())


def _wrong(message: str, path: str) -> Malformed:
    return Malformed(message, _AGAIN, path=shown(path))
