"""Names of students' files: what a key says where it is a safe name, and never two the same, on no file system."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["slugs"]

_LONGEST = 60
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # Windows' devices


def slugs(keys: Iterable[str]) -> dict[str, str]:
    """Return the name of each student's files: "ada"; "ada-lovelace-1f2e3d4c" for "Ada Lovelace"."""
    named: dict[str, str] = {}
    taken: set[str] = set()
    for key in sorted(keys):
        slug = next(name for name in _candidates(key) if name not in taken)
        taken.add(slug)
        named[key] = slug
    return named


def _candidates(key: str) -> Iterable[str]:
    """List names for a key, the plainest first. All are small, for many file systems take "Ada" and "ada" for one."""
    kept = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", key)).strip("-.")[:_LONGEST].casefold()
    if kept and kept == key and not _RESERVED.fullmatch(key):
        yield key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    yield from (f"{kept or 'student'}-{digest[:length]}" for length in (8, 16, 32, 64))
