"""Databases of ours for an application: prepared once by its release processes, then cloned."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.backing import Database
    from checker.runtime.application import Application
    from checker.runtime.ground import Ground

__all__ = ["Prepared"]


class Prepared:
    """The databases of one application. ``keep``: it never changes, so neither do its templates."""

    def __init__(self, application: Application, ground: Ground, *, keep: bool = False) -> None:
        self._application, self._ground, self._keep = application, ground, keep
        self._templates: dict[str, str] = {}
        self._made: list[Database] = []
        self._lock = threading.Lock()

    def database(self, name: str) -> Database:
        """Return a new database for those who share ``name``: as their release processes left the first one."""
        with self._lock:
            template = self._templates.get(name) or self._prepare(name)
            return self._new(name, template)

    def forget(self) -> None:
        """Drop the databases made for the systems of a run; the templates too, unless they are kept."""
        with self._lock:
            for database in self._made:
                database.drop()
            self._made.clear()
            if not self._keep:
                for template in self._templates.values():
                    self._ground.postgres.drop(template)
                self._templates.clear()

    def _prepare(self, name: str) -> str:
        database = self._new(name, None)
        owners = self._application.contract.owners
        for process in self._application.releases():
            if owners[process.rpartition("-")[0]].database == name:
                self._application.run(process, {"DATABASE_URL": database.url}, must_succeed=True)
        self._templates[name] = self._ground.postgres.template_from(database)
        return self._templates[name]

    def _new(self, name: str, template: str | None) -> Database:
        database = self._ground.postgres.database(f"{name}_{next(_numbers)}", owner=name, template=template)
        self._made.append(database)
        return database


_numbers = itertools.count(1)
