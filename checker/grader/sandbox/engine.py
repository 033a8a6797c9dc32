"""Docker, as far as a sandbox needs it: an image with nothing in it, a container that holds a network, and the end of both."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from checker.errors import N_, Blocked, EngineFault
from checker.grader.sandbox.groups import ROOT
from checker.grader.sandbox.view import TOP

__all__ = ["LABEL", "Pause", "docker", "environment", "image", "program", "remove", "slots_with_containers", "weight"]

LABEL = "seamwork-slot"
ANSWERS = 60.0
GROUP = "seamwork-docker"
PROCESSES = 4
"""For each processor: as many outside weigh as much as all containers of ours."""
ECHO = b"there\n"
KNOWN = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")


def environment() -> dict[str, str]:
    """Return what the command line needs to find its engine."""
    return {name: os.environ[name] for name in KNOWN if name in os.environ}


def program() -> str:
    """Return the command line's path. Raises Blocked where there is none."""
    found = shutil.which("docker")
    if found is None:
        raise Blocked(
            N_("{program} is not on PATH."), N_("Install Docker, or choose another kind of sandbox."), program="docker"
        )
    return found


def docker(*words: str, data: bytes | None = None) -> str:
    """Have the engine do something; return what it says. Raises EngineFault with its words when it does not."""
    try:
        done = subprocess.run(
            [program(), *words], input=data, capture_output=True, check=False, timeout=ANSWERS, env=environment()
        )
    except subprocess.TimeoutExpired as error:
        raise _refused(words, f"no answer after {ANSWERS:.0f} s") from error
    if done.returncode:
        raise _refused(words, done.stderr.decode("utf-8", "replace").strip())
    return done.stdout.decode("utf-8", "replace").strip()


def _refused(words: Sequence[str], said: str) -> EngineFault:
    return EngineFault(N_("Docker does not {verb}: {said}"), verb=words[0], said=said)


def image() -> str:
    """Return the name of an image that is empty but for the links at the top, as they are here; made where it is not there."""
    links = {name: str(Path(f"/{name}").readlink()) for name in TOP if Path(f"/{name}").is_symlink()}
    name = f"seamwork-cell:{sha256(repr(links).encode()).hexdigest()[:12]}"
    if not docker("image", "ls", "--quiet", name):
        docker("import", "--message", "an empty root for cells", "-", name, data=_root(links))
    return name


def _root(links: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, target in links.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        tar.addfile(tarfile.TarInfo("empty"))
    return packed.getvalue()


def weight() -> list[str]:
    """Return what gives containers their share of the processors, also where others want them.

    By cgroupfs all containers together weigh as much as one process outside: beside twenty, they would hardly get on, and
    be blamed for that. Ours are in a group that weighs as much as several. By systemd each has a weight of its own.
    """
    if docker("info", "--format", "{{.CgroupDriver}}") != "cgroupfs":
        return []
    several = PROCESSES * (os.cpu_count() or 1)
    for base, file, one, most in ((ROOT / "cpu", "cpu.shares", 1024, 1 << 18), (ROOT, "cpu.weight", 100, 10000)):
        with suppress(OSError):
            (base / GROUP).mkdir(exist_ok=True)
            (base / GROUP / file).write_text(str(min(most, one * several)), "ascii")
            return [f"--cgroup-parent=/{GROUP}"]
    return []


class Pause:
    """A container that does nothing but be there. It goes with whoever made it, however they go: its input ends then."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        """Start it by a whole command line, and wait until it runs. Raises EngineFault when it does not."""
        pipe = subprocess.PIPE
        self._line = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, env=environment())
        with suppress(BrokenPipeError):
            self._stdin.write(ECHO)
            self._stdin.flush()
        said = list[bytes]()
        while (line := self._stdout.readline()) != ECHO:
            said.append(line)
            if not line:
                self.close()
                raise _refused(["run"], b"".join(said).decode("utf-8", "replace").strip())
        self.pid = int(docker("inspect", "--format", "{{.State.Pid}}", name))

    def close(self) -> None:
        """End it."""
        with suppress(OSError), self._line:
            self._stdin.close()

    @property
    def _stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self._line.stdin)

    @property
    def _stdout(self) -> IO[bytes]:
        return cast("IO[bytes]", self._line.stdout)


def remove(slot: int) -> None:
    """Remove what is left of a slot, if anything is."""
    if left := docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}={slot}").split():
        with suppress(EngineFault):  # some may be going by themselves
            docker("rm", "--force", *left)


def slots_with_containers() -> set[int]:
    """Return the slots of all containers of sandboxes that there are."""
    listed = docker("ps", "--all", "--filter", f"label={LABEL}", "--format", f'{{{{.Label "{LABEL}"}}}}').split()
    return {int(number) for number in listed if number.isdigit()}
