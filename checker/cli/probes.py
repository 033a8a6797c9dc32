"""What doctor looks at: each probe says whether it is here, and what it saw. None waits for ever, none leaves anything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from checker.cli.remedies import remedy
from checker.cli.room import MEBIBYTE, ROOM, free_disk, free_memory
from checker.errors import N_, Blocked, SeamworkError
from checker.language import say

__all__ = ["PROBES", "Finding", "Seen", "load", "look"]

GIBI = 1024
"""MiB in a GiB."""
SHARED = 160
"""MiB that databases want of shared memory."""
LOADED = ("uvicorn",)
"""What the probed launcher loads: all that a real one does would take a second."""
ANSWERS = 5.0
"""Seconds that a program has to answer."""


class Seen(NamedTuple):
    """What a probe saw. ``free`` in MiB, where it is about room; ``wants`` is the remedy's name where it is not its own."""

    here: bool
    said: str
    free: int | None = None
    wants: str = ""


@dataclass(frozen=True)
class Finding:
    """What a probe found. ``vital``: without it no lab can run. ``remedy`` is the command that brings it."""

    name: str
    here: bool
    said: str
    vital: bool = False
    free: int | None = None
    remedy: str = ""


def load() -> None:
    """Import what the probes use, so that no two threads wait for each other's imports. What fails is found later."""
    for module in ("checker.backing.opening", "checker.runtime.launcher", "checker.cli.locked", "psutil"):
        with suppress(Exception):
            import_module(module)


def look(name: str, probe: Callable[[], Seen], *, vital: bool) -> Finding:
    """Ask a probe. What it raises is what it found."""
    try:
        seen = probe()
    except SeamworkError as error:
        seen = Seen(False, say(error.message, **error.values))
    except Exception as error:  # noqa: BLE001  (a doctor does not fall ill of what it finds)
        seen = Seen(False, f"{type(error).__name__}: {error}")
    said = " ".join(seen.said.split())
    return Finding(name, seen.here, said, vital, seen.free, "" if seen.here else remedy(seen.wants or name))


def _python() -> Seen:
    return Seen(sys.version_info >= (3, 11), f"{platform.python_version()}, {sys.executable}")


def _git() -> Seen:
    return _says("git", "--version")


def _environment() -> Seen:
    from checker.cli.locked import compared  # noqa: PLC0415  (only doctor asks)

    return Seen(*compared())


def _postgres() -> Seen:
    from checker.backing import open_postgres  # noqa: PLC0415

    began = time.monotonic()
    with open_postgres("embedded") as server:
        took = time.monotonic() - began
        return Seen(True, say(N_("{version}, ready in {seconds:.2f} s"), version=server.version, seconds=took))


def _redis() -> Seen:
    from checker.backing import open_redis  # noqa: PLC0415

    began = time.monotonic()
    with open_redis("embedded") as server:
        took = time.monotonic() - began
        return Seen(True, say(N_("{version}, ready in {seconds:.2f} s"), version=server.version, seconds=took))


def _forks() -> Seen:
    from checker.ledger import Ledger  # noqa: PLC0415
    from checker.runtime.environment import base_environment  # noqa: PLC0415
    from checker.runtime.launcher import Launcher  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="seamwork-doctor-") as folder,
        Launcher(preload=LOADED, ledger=Ledger()) as launcher,
    ):
        (Path(folder) / "hello.py").write_text(f"import {LOADED[0]}\n", "utf-8")
        environment = base_environment(Path(folder))
        argv = [sys.executable, "-m", "hello"]
        launcher.start("hello", argv, environment, Path(folder), fork=True).wait(30)
        began = time.monotonic()
        process = launcher.start("hello", argv, environment, Path(folder), fork=True)
        code = process.wait(30)
        took = time.monotonic() - began
    if process.cold or code != 0:
        return Seen(False, process.cold or say(N_("a forked program ended with {code}"), code=code))
    return Seen(True, say(N_("one in {milliseconds:.0f} ms"), milliseconds=took * 1000))


def _disk() -> Seen:
    free = free_disk()
    (_, first), *others = free.items()
    said = say(N_("{free:.1f} GiB free here"), free=first / GIBI)
    for place, mebibytes in others:
        said += say(N_(", {free:.1f} in {place}"), free=mebibytes / GIBI, place=place)
    return _room(said, min(free.values()), {need: room.disk for need, room in ROOM.items()})


def _memory() -> Seen:
    free = free_memory()
    said = say(N_("{free:.1f} GiB free"), free=free / GIBI)
    return _room(said, free, {need: room.memory for need, room in ROOM.items()})


def _room(said: str, free: int, wanted: Mapping[str, int]) -> Seen:
    need = say(
        N_("; {every:g} needed (with Docker {docker:g}, Kubernetes {kubernetes:g})"),
        **{need or "every": mebibytes / GIBI for need, mebibytes in wanted.items()},
    )
    return Seen(free >= wanted[""], said + need, free)


def _shared() -> Seen:
    place = Path("/dev/shm")  # noqa: S108  (looked at)
    free = shutil.disk_usage(place).free // MEBIBYTE if os.access(place, os.W_OK) else 0
    said = say(N_("{free} MiB free"), free=free)
    if free < SHARED:
        slower = N_("; databases want {need}, and are slower in {other}")
        return Seen(False, said + say(slower, need=SHARED, other=tempfile.gettempdir()), free)
    return Seen(True, said, free)


def _write() -> Seen:
    with tempfile.NamedTemporaryFile(dir=Path.cwd(), prefix=".seamwork-"):
        pass
    with tempfile.NamedTemporaryFile(prefix="seamwork-"):
        pass
    return Seen(True, say(N_("here, and in {folder}"), folder=tempfile.gettempdir()))


def _docker() -> Seen:
    seen = _says("docker", "version", "--format", "{{.Server.Version}}")
    if seen.here or shutil.which("docker") is None:
        return seen
    return seen._replace(wants="docker-allowed" if "permission denied" in seen.said.lower() else "docker-started")


def _postgres_on_path() -> Seen:
    from checker.backing.binaries import postgres_on_path  # noqa: PLC0415

    try:
        program = postgres_on_path()
    except Blocked as lacking:
        older = lacking.values.get("found", "-")
        return Seen(False, say(N_("15 or later is not installed")) + ("" if older == "-" else f": {older}"))
    return Seen(True, f"{program.version}, {program.path}")


def _redis_on_path() -> Seen:
    from checker.backing.binaries import redis_on_path  # noqa: PLC0415

    program = redis_on_path()
    return Seen(True, f"{program.version}, {program.path}")


def _kubernetes() -> Seen:
    seen = _says("kubectl", "get", "nodes", "--no-headers", "--request-timeout=3s")
    return seen._replace(wants="kubernetes-started") if shutil.which("kubectl") and shutil.which("kind") else seen


def _registry() -> Seen:
    import http.client  # noqa: PLC0415

    connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=1.0)
    try:
        connection.request("GET", "/v2/")
        return Seen(connection.getresponse().status < 500, "127.0.0.1:5000")  # noqa: PLR2004  (it answers)
    except (OSError, http.client.HTTPException):
        return Seen(False, say(N_("no registry answers on {address}"), address="127.0.0.1:5000"))
    finally:
        connection.close()


def _program(name: str) -> Callable[[], Seen]:
    return lambda: _says(name, "--version")


def _says(*command: str) -> Seen:
    """Return whether a program ends well and in time, and the first line it says."""
    if shutil.which(command[0]) is None:
        return Seen(False, say(N_("{program} is not on PATH"), program=command[0]))
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=ANSWERS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return Seen(
            False, say(N_("{program} did not answer within {seconds:g} s"), program=command[0], seconds=ANSWERS)
        )
    lines = [line.strip() for line in (ran.stdout + "\n" + ran.stderr).splitlines() if line.strip()]
    said = lines[0] if lines else say(N_("{program} ended with {code}"), program=command[0], code=ran.returncode)
    return Seen(ran.returncode == 0, said)


def _sandbox() -> Seen:
    from checker.grader.sandbox.capabilities import look as cells  # noqa: PLC0415  (only who grades wants one)

    found = cells()
    there = [kind for kind, why in found.kinds.items() if not why]
    if not there:
        return Seen(False, "; ".join(f"{kind}: {why}" for kind, why in found.kinds.items()))
    return Seen(True, " · ".join([", ".join(there), *(say(loss.what) for loss in found.losses)]))


PROBES: dict[str, tuple[str, Callable[[], Seen], bool]] = {
    "python": (N_("Python"), _python, True),
    "git": (N_("git"), _git, True),
    "environment": (N_("packages"), _environment, False),
    "postgresql": (N_("embedded PostgreSQL"), _postgres, False),
    "redis": (N_("embedded Valkey"), _redis, False),
    "fork": (N_("forked processes"), _forks, False),
    "disk": (N_("disk"), _disk, True),
    "memory": (N_("memory"), _memory, True),
    "shm": (N_("shared memory"), _shared, False),
    "write": (N_("writing files"), _write, True),
    "postgresql-path": (N_("PostgreSQL on PATH"), _postgres_on_path, False),
    "redis-path": (N_("Redis on PATH"), _redis_on_path, False),
    "docker": (N_("Docker"), _docker, False),
    "sandbox": (N_("sandbox for grading"), _sandbox, False),
    "registry": (N_("an image registry"), _registry, False),
    "consul": (N_("Consul"), _program("consul"), False),
    "etcd": (N_("etcd"), _program("etcd"), False),
    "vault": (N_("Vault"), _program("vault"), False),
    "kubernetes": (N_("Kubernetes"), _kubernetes, False),
}
"""By name: what it is called, how it is looked at, and whether every lab needs it."""
