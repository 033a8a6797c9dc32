"""What a sandbox stands in: namespaces that the tester enters itself, or containers of an engine."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from checker.errors import N_, Blocked
from checker.grader.sandbox import engine, mounting, slots
from checker.grader.sandbox.entering import SHARED, enter, enter_network
from checker.grader.sandbox.groups import Groups
from checker.grader.sandbox.houses import House, Houses, Limits
from checker.grader.sandbox.view import DirectView, View
from checker.runtime.docked import HERE, NEEDED

__all__ = ["Containers", "Namespaces", "Walls"]

SERVERS_HAVE = 1536 << 20
"""Bytes for the data of the servers: the checks up to lab 04 make some eighty databases, of 8 MB each."""
RUNNING = Path("/run/seamwork")
"""Root's own: what an engine shows to containers lies where the engine sees it."""
NOBODY = 65534
WAITS = ("/bin/cat", "-u", "-")
"""A program that goes when its input ends."""
ALWAYS = (
    *("--rm", "--interactive", "--sig-proxy=false", "--pull=never", "--log-driver=none", "--workdir=/"),
    *("--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--ipc=private", "--cgroupns=private"),
)
PREFIX = "docker-"
READ_ONLY = ",readonly"
RUNTIME = Path(__file__).parents[2] / "runtime"
Rooms = Sequence[tuple[Path, Path]]


class Walls(Protocol):
    """Put up by ``enter``, for good; ``close`` lets go of what outlives a namespace."""

    groups: list[str]
    houses: Houses

    @property
    def view(self) -> View:
        """What cells see of the machine."""

    def enter(self, *, network: bool) -> None:
        """Leave the machine's network. Raises as :func:`entering.enter` does."""

    def close(self) -> None:
        """Let go."""

    def cell(self, house: House, uid: int | None, rooms: Rooms, *, walled: bool) -> dict[str, Any]:
        """Return what the launcher is to be told of the walls of a cell; ``walled``: it has a network of its own."""


class Namespaces:
    """Of the tester, which enters them itself; cells are made in there."""

    def __init__(self, slot: int, limits: Limits) -> None:
        self._slot, self._limits = slot, limits
        self._yard = SHARED / "seamwork-cells"

    def enter(self, *, network: bool) -> None:
        """Enter them, and lay out what cells see."""
        enter(room=SERVERS_HAVE, network=network)
        self._yard.mkdir()
        mounting.tmpfs(self._yard, size=64 << 20, mode="711")
        self._groups = Groups()
        self.groups = self._groups.there
        self.houses = Houses(self._yard, self._slot, self._limits, self._groups)
        self.view = View(self._yard, self.houses.users)
        (self._yard / "ground").mkdir()

    def close(self) -> None:
        """Let go of control groups; mounts go by themselves."""
        self._groups.close()

    def cell(self, house: House, uid: int | None, rooms: Rooms, *, walled: bool) -> dict[str, Any]:
        """Return what is to be put up."""
        del house, uid, walled
        return {
            "ground": str(self._yard / "ground"),
            "mounts": [*self.view.mounts(room=self._limits.disk), *(("bind", str(a), str(b), "") for a, b in rooms)],
            "bubblewrap": shutil.which("bwrap") or "",
        }


class Containers:
    """Of an engine on this machine: one for each process, all in the network of one that does nothing else.

    That network is "none", with loopback only, which is less than an internal one. The tester is root and joins it; it
    stays among the machine's files, where the engine sees what it lays out. Memory is bounded for each process, and what
    all of a service write for all of them.
    """

    def __init__(self, slot: int, limits: Limits) -> None:
        self._slot, self._limits = slot, limits
        self._yard = RUNNING / f"{PREFIX}{slot}"
        self.groups = ["memory", "pids"]

    def enter(self, *, network: bool) -> None:
        """Clear away what others left, start the container that holds the network, and join it."""
        del network
        if os.geteuid() != 0:
            raise Blocked(
                N_("A sandbox of containers is joined by root alone."), N_("sudo seamwork grade …, or another kind.")
            )
        for slot in {*_left(), *engine.slots_with_containers()}:
            if slot == self._slot or slots.is_free(slot):
                _clear(slot)
        self._yard.mkdir(parents=True, mode=0o711)
        self.houses = Houses(self._yard, self._slot, self._limits, Groups(self._yard))  # none: the engine has its own
        self.view = DirectView(self._yard, self.houses.users)
        self._image, self._weight = engine.image(), engine.weight()
        self._name = f"seamwork-{secrets.token_hex(8)}"
        first = [*self._run(self._name, NOBODY, []), "--network=none", "--hostname=cell", self._image, *WAITS]
        self._pause = engine.Pause(self._name, first)
        if not _is_here(self._pause.pid):
            self._pause.close()
            raise Blocked(
                N_("Docker's engine is on another machine, or in one: its processes are not to be seen here.")
            )
        enter_network(self._pause.pid)

    def close(self) -> None:
        """End what is left, and remove what was laid out."""
        self._pause.close()
        _clear(self._slot)

    def cell(self, house: House, uid: int | None, rooms: Rooms, *, walled: bool) -> dict[str, Any]:
        """Return the engine's command line."""
        del house
        token = secrets.token_hex(8)
        network = "none" if walled else f"container:{self._name}"
        command = [*self._run(f"seamwork-{token}", uid, rooms), f"--network={network}"]
        command += [_mount(RUNTIME / f"{name}.py", Path(HERE, f"{name}.py"), READ_ONLY) for name in NEEDED]
        command += [self._image, sys.executable, "-I", "-S", f"{HERE}/docked.py", token]
        return {"token": token, "command": command, "engine": engine.environment()}

    def _run(self, name: str, uid: int | None, rooms: Rooms) -> Iterator[str]:
        limits, own = self._limits, NOBODY if uid is None else uid
        yield from (engine.program(), "run", f"--name={name}", f"--label={engine.LABEL}={self._slot}", *ALWAYS)
        yield from (f"--user={own}:{own}", f"--pids-limit={limits.processes}", f"--cpus={min(2, os.cpu_count() or 1)}")
        yield from (*self._weight, f"--memory={limits.memory}", f"--memory-swap={limits.memory}")
        yield from (f"--tmpfs=/tmp:exec,size={limits.disk},mode=1777", f"--shm-size={limits.disk}")
        yield from (_mount(source, path, READ_ONLY) for source, path in self.view.things())
        yield from (_mount(source, path) for source, path in rooms)


def _mount(source: Path, path: Path, how: str = "") -> str:
    """Say it as the engine reads it: comma-separated values, where a comma in a path is within quotes."""
    fields = (f"src={source}".replace('"', '""'), f"dst={path}".replace('"', '""'))
    return f'--mount=type=bind,"{fields[0]}","{fields[1]}"{how}'


def _is_here(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1] == [word.encode() for word in WAITS]
    return False


def _left() -> list[int]:
    """Return the slots of which something lies here."""
    with suppress(FileNotFoundError):
        return [int(folder.name.removeprefix(PREFIX)) for folder in RUNNING.glob(f"{PREFIX}*")]
    return []


def _clear(slot: int) -> None:
    """Remove containers and folders of a slot; what is put up in these would be cleared away with them, so it goes first."""
    engine.remove(slot)
    yard = RUNNING / f"{PREFIX}{slot}"
    with suppress(OSError):  # somebody else may be clearing it away
        mounting.take_down(yard)
    shutil.rmtree(yard, ignore_errors=True)
