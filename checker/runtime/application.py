"""What lies in one folder and runs by its Procfile: its databases, prepared once and cloned, and its processes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.backing import Database
from checker.course import Contract
from checker.runtime.environment import environment_of
from checker.runtime.procfile import Procfile
from checker.runtime.service import Service

if TYPE_CHECKING:
    from checker.runtime.ground import Ground

__all__ = ["Application"]

RELEASE = 60.0
"""Seconds that a release process has."""

ONCE = ("release", "revert", "drift", "backfill", "test")
"""What comes after a service's name and a dash for processes that run on demand, and not beside the service."""


class Application:
    """A folder with a Procfile, under a lab's contract.

    ``keep``: it never changes, so neither do its templates; ``alias``: what its process is called in the ledger.
    """

    def __init__(
        self, folder: Path, ground: Ground, contract: Contract, *, keep: bool = False, alias: str = ""
    ) -> None:
        self.folder = folder
        self.contract = contract
        self.procfile = Procfile.read(folder / "Procfile")
        self.keep = keep
        self.alias = alias
        self._ground = ground
        self._templates: dict[str, str] = {}
        self._made: list[Database] = []
        self._lock = threading.Lock()

    def database(self, name: str) -> Database:
        """Return a new database for those who share ``name``: as their release processes left the first one."""
        with self._lock:
            template = self._templates.get(name) or self._prepare(name)
            return self._new(name, template)

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
        return Service.start(self._ground.launcher, self.alias or name, self.procfile[name], **self._how(variables))

    def _how(self, variables: Mapping[str, str]) -> dict[str, Any]:
        env = {**environment_of(self._ground.python), **variables}
        return {"env": env, "cwd": self.folder, "fork": self._ground.forks}

    def forget(self) -> None:
        """Drop the databases made for the systems of a run; the templates too, unless they are kept."""
        with self._lock:
            for database in self._made:
                database.drop()
            self._made.clear()
            if not self.keep:
                for template in self._templates.values():
                    self._ground.postgres.drop(template)
                self._templates.clear()

    def _prepare(self, name: str) -> str:
        database = self._new(name, None)
        for process in (entry.name for entry in self.procfile):
            service, _, role = process.rpartition("-")
            if role == "release" and service in self.contract.owners and self.contract.owners[service].database == name:
                how = self._how({"DATABASE_URL": database.url})
                Service.run(
                    self._ground.launcher, process, self.procfile[process], **how, within=RELEASE, must_succeed=True
                )
        self._templates[name] = self._ground.postgres.template_from(database)
        return self._templates[name]

    def _new(self, name: str, template: str | None) -> Database:
        database = self._ground.postgres.database(f"{name}_{next(_numbers)}", owner=name, template=template)
        self._made.append(database)
        return database


_numbers = itertools.count(1)
