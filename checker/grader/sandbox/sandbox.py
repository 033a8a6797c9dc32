"""The sandbox of one submission: says of each process in what cell it lives."""

from __future__ import annotations

import base64
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from checker.backing import distribution
from checker.backing.places import serve_as
from checker.grader.sandbox.calls import seccomp
from checker.grader.sandbox.houses import House, Limits
from checker.grader.sandbox.walls import Containers, Namespaces, Walls

__all__ = ["DEFENCES", "Sandbox", "seen"]

NAMESPACES = ("pids", "mounts", "ipc", "names", "cgroups")
DEFENCES = frozenset(
    {
        *NAMESPACES,
        "network",
        "user",
        "privileges",
        "limits",
        "groups",
        "landlock",
        "seccomp",
        "edges",
        "copies",
        "sizes",
    }
)
"""All there are. A test takes one away, and sees what comes in."""
BOUNDLESS = 1 << 30
PATH = "/usr/local/bin:/usr/bin:/bin"
ADDRESS = re.compile(r"(?:127\.0\.0\.1|localhost):(\d{1,5})\b")
LISTENS = re.compile(r"^port=(\d+)$")


class Sandbox:
    """A context manager, entered by the tester before it starts anything. ``kind``: "forked", "bubblewrap" or "docker".

    ``services`` and ``servers`` are what launchers are told. ``slot``: no other sandbox that is open now has that number.
    """

    def __init__(
        self, *, slot: int, kind: str = "forked", limits: Limits | None = None, defences: frozenset[str] = DEFENCES
    ) -> None:
        self.kind, self._defences = kind, defences
        given = limits or Limits()
        self._limits = given if "sizes" in defences else replace(given, disk=BOUNDLESS)
        self._process = given.of_a_process()
        self._walls: Walls = Containers(slot, self._limits) if kind == "docker" else Namespaces(slot, self._limits)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Leave the machine's namespaces, for good. Raises as :func:`enter` does."""
        self._walls.enter(network="network" in self._defences)
        self._houses, self._view = self._walls.houses, self._walls.view
        if self._houses.servers_uid is not None:
            serve_as(self._houses.servers_uid)
        self.services, self.servers = _Services(self), _Servers(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of what outlives a namespace."""
        self._walls.close()

    @property
    def groups(self) -> list[str]:
        """The controllers that bound a house: "memory", "pids", or fewer."""
        return self._walls.groups

    # For the two sorts of cells

    def house(self, name: str) -> House:
        """Return the house of that name."""
        return self._houses.house(name)

    def copy(self, house: House, folder: Path) -> Path:
        """Return what a house sees at ``folder``: its own copy."""
        return self._houses.copy(house, folder) if "copies" in self._defences else folder

    def show(self, path: Path) -> None:
        """Let cells see a part of the machine that is made for that."""
        with self._lock:
            self._view.show(path)

    def cell(
        self, house: House, uid: int | None, rooms: Sequence[tuple[Path, Path]], ports: Sequence[int] | None
    ) -> dict[str, Any]:
        """Describe a cell for the launcher: ``rooms`` are folders to be written to, each with where it is seen.

        ``ports`` are those it may call; None: it has a network of its own.
        """
        has = self._defences.__contains__
        writes = [*(str(seen) for _, seen in rooms), "/tmp", "/dev", "/proc"]  # noqa: S108  (the cell's own)
        fence = {"reads": self._view.reads, "writes": writes, "ports": ports if has("edges") else None}
        return {
            "kind": self.kind,
            "namespaces": [name for name in NAMESPACES if has(name)],
            "uid": uid if has("user") else None,
            "privileges": has("privileges"),
            "limits": self._process if has("limits") else {},
            "cgroups": house.cgroups if has("groups") else [],
            "landlock": fence if has("landlock") else None,
            "seccomp": base64.b64encode(seccomp()).decode() if has("seccomp") else "",
            **self._walls.cell(house, uid, rooms, walled=ports is None),
        }


class _Services:
    """Cells of what is handed in: each service has a user, and a copy of the tree, that its other processes share."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return what a process sees: nothing of whoever runs us."""
        return seen(env)

    def cell(
        self,
        name: str,
        argv: Sequence[str],  # noqa: ARG002  (a server's cell asks)
        env: Mapping[str, str],
        cwd: Path,
        *,
        uid: int | None,  # noqa: ARG002  (a house has one)
        walled: bool,
    ) -> dict[str, Any]:
        """Return what is to be changed of the request."""
        house = self._sandbox.house(name.partition("-")[0])
        rooms = [(self._sandbox.copy(house, cwd), cwd)]
        ports = None if walled else sorted(_told(env))
        cell = self._sandbox.cell(house, house.uid, rooms, ports)
        return {"cell": cell, "env": self.environment(env), "uid": None, "report": ""}


class _Servers:
    """Cells of PostgreSQL and Valkey, for a server does what its administrator's SQL says, and that is handed in as well."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def environment(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return what a server sees."""
        return {**env, "PATH": PATH, "TMPDIR": "/tmp"}  # noqa: S108  (the cell's own)

    def cell(
        self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, uid: int | None, walled: bool
    ) -> dict[str, Any]:
        """Return what is to be changed of the request. Its folder is where it writes; it calls nobody but itself."""
        del walled
        house = self._sandbox.house(name)
        for path in _programs(argv):
            self._sandbox.show(path)
        options = [*argv, f"port={env.get('PGPORT', '')}"]
        own = [int(found[1]) for word in options if (found := LISTENS.search(word))]
        cell = self._sandbox.cell(house, uid, [(cwd, cwd)], own)
        return {"cell": cell, "env": self.environment(env), "uid": None}


def seen(env: Mapping[str, str]) -> dict[str, str]:
    """Return what a service in a cell sees of ``env``: nothing of whoever runs us."""
    python = env.get("PATH", "").partition(os.pathsep)[0]
    home = {"HOME": "/tmp", "TMPDIR": "/tmp"}  # noqa: S108  (the cell's own)
    return {**env, **home, "PATH": os.pathsep.join(filter(None, (python, PATH)))}


def _told(env: Mapping[str, str]) -> set[int]:
    """Return the ports a process is told of: whom it may ask."""
    told = {int(port) for value in env.values() for port in ADDRESS.findall(value)}
    own = env.get("PORT", "")
    return {port for port in {*told, int(own or 0) if own.isdigit() else 0} if 0 < port < 1 << 16}


def _programs(argv: Sequence[str]) -> Iterator[Path]:
    """Name the folders of copied programs that a command line speaks of."""
    shelves = [base / "seamwork" for base in distribution.BASES]
    for word in argv:
        for shelf in shelves:
            if word.startswith(f"{shelf}/"):
                yield shelf / Path(word).relative_to(shelf).parts[0]
