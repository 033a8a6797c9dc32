"""What lies in one folder and runs by its Procfile: its services, what runs beside them, what runs once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from checker.course import Contract
from checker.runtime.environment import environment_of
from checker.runtime.prepared import Prepared
from checker.runtime.procfile import Procfile
from checker.runtime.service import Service, launched
from checker.runtime.walls import Walls
from checker.runtime.witness import Witness

if TYPE_CHECKING:
    from checker.runtime.ground import Ground
    from checker.runtime.launcher import Process

__all__ = ["Application", "bare"]

LONGEST = 60.0
"""Seconds that a process that is run to its end has."""

OWN = ("DATABASE_URL", "REDIS_URL")
"""Variables with the address of something that is a service's own."""

ONCE = ("release", "revert", "drift", "backfill", "test")
"""What comes after a service's name and a dash for processes that run on demand, and not beside the service."""


class Application:
    """A folder with a Procfile, under a lab's contract.

    ``keep``: it never changes, so what was prepared stays so; ``alias``: what its process is called in the ledger.
    """

    def __init__(
        self, folder: Path, ground: Ground, contract: Contract, *, keep: bool = False, alias: str = ""
    ) -> None:
        self.folder = folder
        self.contract = contract
        self.procfile = Procfile.read(folder / "Procfile")
        self.alias = alias
        self.databases = Prepared(self, ground, keep=keep)
        self._ground = ground

    @property
    def roles(self) -> tuple[str, ...]:
        """The services it plays, by name."""
        return self.contract.services

    def called(self, name: str) -> str:
        """Return what one of its processes is called in the ledger: "orders", or "orders@before"."""
        if not self.alias or name != bare(name):
            return name
        return self.alias if len(self.contract.services) == 1 else f"{name}@{self.alias}"

    def releases(self) -> list[str]:
        """Name the release processes of its services, in the Procfile's order."""
        named = [entry.name for entry in self.procfile if entry.name.endswith("-release")]
        return [name for name in named if name.removesuffix("-release") in self.contract.owners]

    def run(
        self,
        process: str,
        variables: Mapping[str, str],
        *,
        within: float = LONGEST,
        must_succeed: bool = False,
        witness: Witness | None = None,
    ) -> int:
        """Run one of its processes to the end; the exit code. Raises ServiceFailed as :meth:`Service.run` does.

        ``witness`` is told what it reads.
        """
        entry, how = self.procfile[process], self._how(variables)
        how |= {"within": within, "must_succeed": must_succeed, "report": witness and witness.report()}
        with self.walls(process, variables) as walls:
            return Service.run(self._ground.launcher, process, entry, **how, walls=walls)

    def walls(self, process: str, variables: Mapping[str, str]) -> Walls:
        """Return what is between a process and the rest: a service's own tests reach what is the service's alone."""
        own = [variables[name] for name in OWN if name in variables] if process.endswith("-test") else []
        return Walls(self._ground.loop, [urlsplit(url).port or 0 for url in own])

    def on_demand(self) -> list[str]:
        """Name the processes of its services that run only when they are called."""
        named = [entry.name.rpartition("-") for entry in self.procfile]
        return [f"{name}-{kind}" for name, _, kind in named if kind in ONCE and name in self.contract.owners]

    def call(
        self, process: str, variables: Mapping[str, str], *, alias: str = "", walls: Walls | None = None
    ) -> Process:
        """Start one of these, and go on; ``alias`` is what its lines bear. Raises ServiceFailed as :func:`launched` does."""
        how = self._how(variables)
        return launched(self._ground.launcher, alias or process, self.procfile[process], **how, walls=walls)

    def helpers(self, services: Sequence[str]) -> list[str]:
        """Name the processes that run beside these services: orders-relay."""
        beside = [entry.name for entry in self.procfile if entry.name.rpartition("-")[2] not in ONCE]
        return [name for name in beside if any(name.startswith(f"{service}-") for service in services)]

    def service(self, name: str, variables: Mapping[str, str], *, within: float) -> Service:
        """Start a service's process and return it ready. Raises ServiceFailed."""
        service = self._launch(name, variables)
        try:
            service.await_ready(within)
        except BaseException:
            service.stop()
            raise
        return service

    def helper(self, name: str, variables: Mapping[str, str]) -> Service:
        """Start a process beside a service, which has no port to get ready on. Raises ServiceFailed."""
        return self._launch(name, variables)

    def _launch(self, name: str, variables: Mapping[str, str]) -> Service:
        entry = self.procfile[bare(name)]
        return Service.start(self._ground.launcher, self.called(name), entry, **self._how(variables))

    def _how(self, variables: Mapping[str, str]) -> dict[str, Any]:
        env = {**environment_of(self._ground.python), **self.contract.variables, **variables}
        return {"env": env, "cwd": self.folder, "fork": self._ground.forks}


def bare(role: str) -> str:
    """Return the service that a role is played by: "orders" for "orders@before", which is its version from before."""
    return role.partition("@")[0]
