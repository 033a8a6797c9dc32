"""Which Python runs the learner's code, what it sees, and whether its programs can be forked from a preloaded one."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.errors import N_, LearnerFault
from checker.runtime.forked import module_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.runtime.procfile import Procfile

__all__ = [
    "MIGRATING",
    "PRELOAD",
    "Cold",
    "Forked",
    "StartMode",
    "base_environment",
    "environment_of",
    "interpreter",
    "lock_file",
    "preload",
    "start_mode",
]

PRELOAD = (
    "fastapi",
    "fastapi.staticfiles",
    "fastapi.templating",
    "uvicorn",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.auto",
    "uvicorn.lifespan.on",
    "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "pydantic_settings",
    "httpx",
    "stamina",
    "redis.asyncio",
    "jinja2",
    "anyio._backends._asyncio",
    "python_multipart",
    # What the first request, route or engine of nearly every service would import.
    "asyncpg",
    "pydantic.v1",
    "fastapi.telemetry._runtime",
    "uvicorn.loops.auto",
    "encodings.idna",
    "httpcore",
    "certifi",
)
"""What nearly every service imports, in the order in which a service needs it. Flask is rarer: it would cost 130 ms at
every start."""

MIGRATING = ("alembic.command", "alembic.config", "alembic.autogenerate", "alembic.ddl.postgresql", "psycopg")
"""What is loaded as well where the Procfile has processes that migrate: they are many, and short."""

_TAKEN = (
    sys.stdlib_module_names
    | {name.partition(".")[0] for name in (*PRELOAD, *MIGRATING)}
    | {
        "asyncpg",
        "click",
        "colorama",
        "greenlet",
        "h11",
        "httpcore",
        "httptools",
        "psycopg",
        "pydantic",
        "starlette",
        "tenacity",
        "tornado",
        "uvloop",
        "websockets",
    }
)
"""Names of modules that are, or may be, loaded before a program begins."""
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_INSTALLED = re.compile(r"(.+)-([^-]+)\.dist-info")


@dataclass(frozen=True)
class Forked:
    """The programs can be forked from a launcher that has loaded ``preload``."""

    preload: tuple[str, ...] = PRELOAD


@dataclass(frozen=True)
class Cold:
    """They have to be started cold. ``reason`` is a message id, ``values`` fill it in."""

    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.reason.format(**self.values)


StartMode = Forked | Cold


def interpreter(workspace: Path) -> Path:
    """Return the Python of the workspace's own .venv if there is one, else ours. Raises LearnerFault when it is broken."""
    own = workspace / ".venv"
    python = own / "bin" / "python"
    if not os.path.lexists(own):
        return Path(sys.executable)
    if not os.access(python, os.X_OK):
        raise LearnerFault(
            N_("{environment} is no Python environment that can be used: {python} is missing, or leads nowhere."),
            N_("Make it anew (python3 -m venv --clear {environment}), or remove it to use the course's own."),
            environment=str(own),
            python=str(python),
        )
    return python


def base_environment(workspace: Path) -> dict[str, str]:
    """Return what a process sees before the variables of the contract: a search path and a home, nothing of ours."""
    return environment_of(interpreter(workspace))


def environment_of(python: Path) -> dict[str, str]:
    """Return the base environment of processes for which ``python`` is the Python on the path."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]),
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def lock_file() -> Path | None:
    """Return the course's lock file: beside our package in a checkout, inside it once installed."""
    package = Path(__file__).parent.parent
    places = (package.parent / "requirements" / "base.txt", package / "_course" / "requirements" / "base.txt")
    return next((place for place in places if place.is_file()), None)


def start_mode(workspace: Path, procfile: Procfile, *, lock: Path | None = None) -> StartMode:
    """Say how programs of this workspace are started. A few milliseconds; the launcher still looks at each program."""
    if all(entry.call({}).shell for entry in procfile):
        return Cold(N_("each line of the Procfile needs a shell"))
    python = interpreter(workspace)
    lock = lock or lock_file()
    if lock is None:
        return Cold(N_("the course's lock file is not there"))
    return _differing(python, lock) or _shadow(workspace) or Forked(preload(procfile))


def preload(procfile: Procfile) -> tuple[str, ...]:
    """Return the modules that programs of this Procfile are to find loaded."""
    migrates = any(entry.name.endswith("-revert") for entry in procfile)
    return (*PRELOAD, *MIGRATING) if migrates else PRELOAD


def _differing(python: Path, lock: Path) -> Cold | None:
    pinned: dict[str, set[str]] = {}
    for name, version in _PINNED.findall(lock.read_text("utf-8")):
        pinned.setdefault(_normal(name), set()).add(version)
    for name, version in _installed(python):
        if version not in pinned.get(name, {version}):
            wanted = " / ".join(sorted(pinned[name]))
            return Cold(
                N_("{name} is {found}, the course has {wanted}"), {"name": name, "found": version, "wanted": wanted}
            )
    return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(python: Path) -> Iterable[tuple[str, str]]:
    for folder in _site_packages(python):
        for entry in os.listdir(folder):  # noqa: PTH208  (hundreds of names, and no paths wanted)
            if found := _INSTALLED.fullmatch(entry):
                yield _normal(found[1]), found[2]


def _site_packages(python: Path) -> list[Path]:
    if python == Path(sys.executable):
        return [Path(folder) for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}]
    return sorted(python.parent.parent.glob("lib/python3*/site-packages"))


def _shadow(workspace: Path) -> Cold | None:
    """Look for a module of theirs that has the name of one that would be loaded already."""
    shadows = sorted(_TAKEN & module_names(str(workspace)))
    return Cold(N_("the workspace has a module of its own called {name}"), {"name": shadows[0]}) if shadows else None
