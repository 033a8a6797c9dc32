"""What doctor looks at: each probe says whether it is here, and what it saw. None waits for ever, none leaves anything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checker.errors import N_, SeamworkError
from checker.language import say, sentence

__all__ = ["PROBES", "Finding", "look"]

MEBIBYTE = 1 << 20
DISK, MEMORY, SHARED = 500, 400, 160
"""MiB that must be free: in the workspace's file system, in memory, on shared memory."""
ANSWERS = 5.0
"""Seconds that a program has to answer."""


@dataclass(frozen=True)
class Finding:
    """What a probe found. ``vital``: without it no lab can run."""

    name: str
    here: bool
    said: str
    vital: bool = False


def look(name: str, probe: Callable[[], tuple[bool, str]], *, vital: bool) -> Finding:
    """Ask a probe. What it raises is what it found."""
    try:
        here, said = probe()
    except SeamworkError as error:
        here, said = False, sentence(error).replace("\n", " ")
    except Exception as error:  # noqa: BLE001  (a doctor does not fall ill of what it finds)
        here, said = False, f"{type(error).__name__}: {error}"
    return Finding(name, here, said, vital)


def _python() -> tuple[bool, str]:
    return sys.version_info >= (3, 11), f"{platform.python_version()}, {sys.executable}"


def _git() -> tuple[bool, str]:
    return _says("git", "--version")


def _environment() -> tuple[bool, str]:
    from checker.cli.locked import compared  # noqa: PLC0415  (only doctor asks)

    return compared()


def _postgres() -> tuple[bool, str]:
    from checker.backing import open_postgres  # noqa: PLC0415

    began = time.monotonic()
    with open_postgres("embedded") as server:
        took = time.monotonic() - began
        return True, say(N_("{version}, ready in {seconds:.2f} s"), version=server.version, seconds=took)


def _redis() -> tuple[bool, str]:
    from checker.backing import open_redis  # noqa: PLC0415

    began = time.monotonic()
    with open_redis("embedded") as server:
        took = time.monotonic() - began
        return True, say(N_("{version}, ready in {seconds:.2f} s"), version=server.version, seconds=took)


def _forks() -> tuple[bool, str]:
    from checker.ledger import Ledger  # noqa: PLC0415
    from checker.runtime.environment import PRELOAD, base_environment  # noqa: PLC0415
    from checker.runtime.launcher import Launcher  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="seamwork-doctor-") as folder,
        Launcher(preload=PRELOAD, ledger=Ledger()) as launcher,
    ):
        (Path(folder) / "hello.py").write_text("import fastapi\n", "utf-8")
        environment = base_environment(Path(folder))
        argv = [sys.executable, "-m", "hello"]
        launcher.start("hello", argv, environment, Path(folder), fork=True).wait(30)
        began = time.monotonic()
        process = launcher.start("hello", argv, environment, Path(folder), fork=True)
        code = process.wait(30)
        took = time.monotonic() - began
    if process.cold or code != 0:
        return False, process.cold or say(N_("a forked program ended with {code}"), code=code)
    return True, say(N_("a process in {milliseconds:.0f} ms"), milliseconds=took * 1000)


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(Path.cwd()).free // MEBIBYTE
    return free >= DISK, say(N_("{free} MiB free here; {need} are needed"), free=free, need=DISK)


def _memory() -> tuple[bool, str]:
    import psutil  # noqa: PLC0415

    free = psutil.virtual_memory().available // MEBIBYTE
    return free >= MEMORY, say(N_("{free} MiB free; {need} are needed"), free=free, need=MEMORY)


def _shared() -> tuple[bool, str]:
    place = Path("/dev/shm")  # noqa: S108  (looked at)
    if not os.access(place, os.W_OK):
        return False, say(
            N_("{place} is not writable; databases go to {other}, which is slower"),
            place=place,
            other=tempfile.gettempdir(),
        )
    free = shutil.disk_usage(place).free // MEBIBYTE
    return free >= SHARED, say(N_("{free} MiB free; {need} are needed"), free=free, need=SHARED)


def _write() -> tuple[bool, str]:
    with tempfile.NamedTemporaryFile(dir=Path.cwd(), prefix=".seamwork-"):
        pass
    with tempfile.NamedTemporaryFile(prefix="seamwork-"):
        pass
    return True, say(N_("here, and in {folder}"), folder=tempfile.gettempdir())


def _docker() -> tuple[bool, str]:
    return _says("docker", "version", "--format", "{{.Server.Version}}")


def _postgres_on_path() -> tuple[bool, str]:
    from checker.backing.binaries import postgres_on_path  # noqa: PLC0415

    program = postgres_on_path()
    return True, f"{program.version}, {program.path}"


def _redis_on_path() -> tuple[bool, str]:
    from checker.backing.binaries import redis_on_path  # noqa: PLC0415

    program = redis_on_path()
    return True, f"{program.version}, {program.path}"


def _kubernetes() -> tuple[bool, str]:
    return (
        _says("kubectl", "version", "--request-timeout=3s", "-o", "name")
        if shutil.which("kubectl")
        else (False, _absent("kubectl"))
    )


def _registry() -> tuple[bool, str]:
    import http.client  # noqa: PLC0415

    connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=1.0)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status < 500, "127.0.0.1:5000"  # noqa: PLR2004  (it answers)
    except OSError:
        return False, say(N_("nobody answers on {address}"), address="127.0.0.1:5000")
    finally:
        connection.close()


def _program(name: str) -> Callable[[], tuple[bool, str]]:
    return lambda: _says(name, "--version")


def _says(*command: str) -> tuple[bool, str]:
    """Return whether a program ends well and in time, and the first line it says."""
    if shutil.which(command[0]) is None:
        return False, _absent(command[0])
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=ANSWERS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return False, say(N_("{program} did not answer within {seconds:g} s"), program=command[0], seconds=ANSWERS)
    lines = [line.strip() for line in (ran.stdout + "\n" + ran.stderr).splitlines() if line.strip()]
    said = lines[0] if lines else say(N_("{program} ended with {code}"), program=command[0], code=ran.returncode)
    return ran.returncode == 0, said


def _absent(program: str) -> str:
    return say(N_("{program} is not on PATH"), program=program)


PROBES: dict[str, tuple[str, Callable[[], tuple[bool, str]], bool]] = {
    "python": (N_("Python 3.11 or newer"), _python, True),
    "git": (N_("git"), _git, True),
    "environment": (N_("packages as in the lock file"), _environment, False),
    "postgresql": (N_("embedded PostgreSQL starts"), _postgres, False),
    "redis": (N_("embedded Valkey starts"), _redis, False),
    "fork": (N_("processes are forked, not started cold"), _forks, False),
    "disk": (N_("room on the disk"), _disk, True),
    "memory": (N_("memory"), _memory, True),
    "shm": (N_("shared memory (/dev/shm)"), _shared, False),
    "write": (N_("files can be written"), _write, True),
    "postgresql-path": (N_("PostgreSQL on PATH"), _postgres_on_path, False),
    "redis-path": (N_("Redis or Valkey on PATH"), _redis_on_path, False),
    "docker": (N_("a Docker engine that answers"), _docker, False),
    "registry": (N_("an image registry"), _registry, False),
    "consul": (N_("Consul"), _program("consul"), False),
    "etcd": (N_("etcd"), _program("etcd"), False),
    "vault": (N_("Vault"), _program("vault"), False),
    "kubernetes": (N_("a Kubernetes cluster that answers"), _kubernetes, False),
}
"""By name: what it is called, how it is looked at, and whether every lab needs it."""
