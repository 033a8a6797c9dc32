"""What databases and roles are called on a server: by their own name on ours, unmistakably on one that is lent to us."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from checker.errors import N_, UsageError

__all__ = ["LEFT_BEHIND_AFTER", "Naming", "run_of"]

LONGEST = 24
"""Bytes of a name; with what is put before and after it, PostgreSQL's limit of 63 holds."""
LEFT_BEHIND_AFTER = 3600.0
"""Seconds after which what another run made may be taken for left behind."""

PLAIN = re.compile(rf"[a-z][a-z0-9_-]{{0,{LONGEST - 1}}}")
MARKED = re.compile(r"seamwork_(\d{10})_([0-9a-f]{6})_")


@dataclass(frozen=True)
class Naming:
    """Puts ``prefix`` before names: nothing on a server of ours, time and run on one that others use as well."""

    prefix: str = ""
    run: str = ""

    @classmethod
    def for_a_lent_server(cls) -> Naming:
        """Return a naming no other run has."""
        run = secrets.token_hex(3)
        return cls(f"seamwork_{int(time.time())}_{run}_", run)

    def full(self, name: str) -> str:
        """Return the whole name. Raises UsageError for a name that would need more than quoting."""
        if not PLAIN.fullmatch(name):
            raise UsageError(
                N_("{name!r} cannot be the name of a database or a role."),
                N_("Take at most {longest} lower-case letters, digits, dashes and underscores, a letter first."),
                name=name,
                longest=LONGEST,
            )
        return self.prefix + name


def run_of(full: str, *, now: float) -> str | None:
    """Return the id of the run that made ``full`` if it is old enough to be left behind, else None."""
    found = MARKED.match(full)
    return found[2] if found and now - int(found[1]) > LEFT_BEHIND_AFTER else None
