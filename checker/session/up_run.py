"""A process that is only called, run by hand: on the databases of the shop that is up, told what its service is told."""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.errors import N_, UsageError
from checker.runtime.application import Application
from checker.runtime.building import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.backing import Adopted, Database
    from checker.runtime.ground import Ground
    from checker.runtime.launcher import Process
    from checker.runtime.stage import Stage
    from checker.runtime.system import System

__all__ = ["Aliases", "Errands"]

GRACE = 3.0
"""Seconds from SIGTERM to SIGKILL for one that nobody waits for any more."""


class Aliases:
    """What the lines of those that run bear in the ledger: their name, with a number where one of that name runs already."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self, process: str) -> Iterator[str]:
        """Yield an alias that is nobody else's for as long as this lasts."""
        names = (f"{process}-{number}" if number > 1 else process for number in itertools.count(1))
        with self._lock:
            alias = next(name for name in names if name not in self._taken)
            self._taken.add(alias)
        try:
            yield alias
        finally:
            self._taken.discard(alias)


class Errands:
    """Those that can be called on one system. The Procfile is read anew: it may have got a line for them."""

    def __init__(self, ground: Ground, stage: Stage, system: System, folder: Path) -> None:
        """Read the Procfile. Raises LearnerFault when it cannot be read."""
        self._application = Application(folder, ground, stage.contract)
        self._stage, self._system = stage, system

    def names(self) -> list[str]:
        """Name them, in the Procfile's order."""
        return self._application.on_demand()

    @contextmanager
    def running(self, process: str, aliases: Aliases) -> Iterator[Process]:
        """Run one for as long as this lasts. Raises UsageError for a process that is none of them."""
        self._refuse_others(process)
        service, _, kind = process.rpartition("-")
        surroundings = self._alone(service) if kind == "test" else self._among(service, moves=kind == "backfill")
        with (
            aliases.taken(process) as alias,
            surroundings as variables,
            self._application.walls(process, variables) as walls,
        ):
            called = self._application.call(process, variables, alias=alias, walls=walls)
            try:
                yield called
            finally:
                called.stop(GRACE)

    def _refuse_others(self, process: str) -> None:
        if process in self.names():
            return
        services = self._stage.roles
        runs = process in services or process in self._application.helpers(services)
        raise UsageError(
            N_("{process} is running already, as the shop is up.") if runs else N_("There is no process {process!r}."),
            N_("Those that are only called: {names}."),
            process=process,
            names=", ".join(self.names()) or "-",
        )

    @contextmanager
    def _among(self, service: str, *, moves: bool) -> Iterator[dict[str, str]]:
        """Yield what the service itself is told, and where its data comes from."""
        told = dict(self._system[service].service.environment)
        source = self._stage.contract.moves.get(service)
        if moves and source is not None:
            told["SOURCE_DATABASE_URL"] = self._system[source].database_url
        yield told

    @contextmanager
    def _alone(self, service: str) -> Iterator[dict[str, str]]:
        """Yield a database of its own, as its release process leaves an empty one, and neighbours that do not answer."""
        nobody = {f"{name.upper()}_URL": NOBODY for name in self._stage.roles}
        database = self._new(service)
        try:
            told = {**nobody, "DATABASE_URL": database.url}
            release = f"{service}-release"
            if self._stage.contract.provision and release in self._application.procfile:
                self._application.run(release, told, must_succeed=True)
            yield told
        finally:
            database.drop()
            self._application.databases.forget()

    def _new(self, service: str) -> Adopted | Database:
        """Return a new database: empty where the learner's SQL makes it, released where we do."""
        if self._stage.contract.provision:
            return self._stage.databases.empty(service)
        return self._application.databases.database(self._stage.contract.owners[service].database)
