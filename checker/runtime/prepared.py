"""Databases of ours for an application: prepared once by its release processes, then cloned.

While there will be more runs, what one run prepared serves the next, as long as the release processes would read the same
files again: a save of one service need not wait for the tables of all.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.runtime.witness import Witness

if TYPE_CHECKING:
    from checker.backing import Database
    from checker.runtime.application import Application
    from checker.runtime.ground import Ground

__all__ = ["Prepared", "Template"]


@dataclass(frozen=True)
class Template:
    """What release processes left, and who saw what they read."""

    name: str
    witness: Witness


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
                kept = {template.name for template in self._ground.templates.values()}
                for name in set(self._templates.values()) - kept:
                    self._ground.postgres.drop(name)
                self._templates.clear()

    def _prepare(self, name: str) -> str:
        """Return a template: the one from the run before, where it would be made the same again."""
        key = self._application.folder, name
        before = self._ground.templates.pop(key, None)
        if before is not None and not before.witness.holds():
            self._ground.postgres.drop(before.name)
            before = None
        template = before or self._release(name)
        self._templates[name] = template.name
        if self._ground.warm:
            self._ground.templates[key] = template
        return template.name

    def _release(self, name: str) -> Template:
        witness = Witness(self._application.folder, self._ground.scratch)
        database = self._new(name, None)
        owners = self._application.contract.owners
        for process in self._application.releases():
            if owners[process.rpartition("-")[0]].database == name:
                self._application.run(process, {"DATABASE_URL": database.url}, must_succeed=True, witness=witness)
        return Template(self._ground.postgres.template_from(database), witness)

    def _new(self, name: str, template: str | None) -> Database:
        database = self._ground.postgres.database(f"{name}_{next(_numbers)}", owner=name, template=template)
        self._made.append(database)
        return database


_numbers = itertools.count(1)
