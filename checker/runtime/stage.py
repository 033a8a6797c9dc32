"""One run's stage: builds the systems its checks want, ahead of time where it can, each from a prepared database."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from checker.backing import Database
from checker.course import Contract, Lab
from checker.errors import Blocked, N_, SeamworkError
from checker.evidence import Fault
from checker.ledger import Ledger
from checker.runtime.ground import Ground
from checker.runtime.system import Plan, System
from checker.runtime.tree import Tree

__all__ = ["Stage"]

READY = 20.0
"""Seconds a service has to get ready."""


class Stage:
    """What one run plays on. ``tree`` is the learner's; the monolith's own stands beside it for comparison."""

    def __init__(self, ground: Ground, lab: Lab, tree: Path, *, seed: int) -> None:
        self.seed = seed
        self.ledger: Ledger = ground.ledger
        self.contract: Contract = ground.course.contract(lab.number)
        self._ground, self._lab = ground, lab
        self._theirs = Tree(tree, ground)
        self._pool = ThreadPoolExecutor(max_workers=2)
        self._shared: dict[tuple[Any, ...], Future[System]] = {}
        self._told: set[tuple[Any, ...]] = set()
        self._fresh: list[System] = []
        self._faults: list[Fault] = []
        self.ledger.clear()

    # For the plugin

    @property
    def roles(self) -> Sequence[str]:
        """The services there are in this lab."""
        return self.contract.services

    def rng(self, name: str) -> random.Random:
        """Return chance that is the same for the same seed and name."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311  (test data, not secrets)

    def expect(self, wanted: Sequence[tuple[dict[str, Any], bool]]) -> None:
        """Begin to build the systems that several checks share, before they are asked for."""
        for options, fresh in wanted:
            if not fresh:
                self._share(_key(options), options)

    def begin(self, check: str) -> None:
        """A check begins: what is seen from now on is its own."""
        self._faults.clear()
        self.ledger.check = check

    def end(self) -> None:
        """A check ended: take its faults back, and what was started for it alone down."""
        self.ledger.check = None
        while self._fresh:
            self._fresh.pop().close()
        for fault in self._faults:
            fault.end()
        self._faults.clear()

    def preconditions(self, check: str) -> None:
        """Raise Blocked when a fault was on and no request met it: then nothing was shown."""
        for fault in self._faults:
            if not fault.met:
                raise Blocked(
                    N_("While {callee} was made to fail ({fault}), nobody asked it anything, so this shows nothing."),
                    N_("Does {caller} really call {callee} by the address it is given? The wire in the report shows who asked whom."),
                    callee=fault.callee,
                    caller=fault.caller,
                    fault=fault.what,
                    check=check,
                )

    # For checks

    def system(self, *, fresh: bool = False, **options: Any) -> System:
        """Return the running system with these options: the shared one, or a new one for this check alone.

        ``only``: the roles played by the learner's services (default: all of the lab's);
        ``standins``: roles played by scripted stand-ins; ``restricted``: each service connects as a database
        role that may touch its own tables only. Raises ServiceFailed when it does not start; Blocked when
        that has been said before.
        """
        if fresh:
            system = self._build(**options)
            self._fresh.append(system)
            return system
        key = _key(options)
        return self._shared_or_blocked(key, self._share(key, options))

    def monolith(self) -> System:
        """Return the Bazaar as it was before the first lab, running beside the learner's system."""
        return self._shared_or_blocked(("monolith",), self._share(("monolith",), None))

    def close(self) -> None:
        """Stop every system of this run."""
        self.end()
        systems = [job.result() for job in self._shared.values() if not job.cancel() and job.exception() is None]
        list(self._pool.map(System.close, systems))
        self._pool.shutdown()
        self._theirs.close()

    # How they are built

    def _share(self, key: tuple[Any, ...], options: Mapping[str, Any] | None) -> Future[System]:
        if key not in self._shared:
            build = partial(self._build, **options) if options is not None else self._build_monolith
            self._shared[key] = self._pool.submit(build)
        return self._shared[key]

    def _shared_or_blocked(self, key: tuple[Any, ...], job: Future[System]) -> System:
        error = job.exception()
        if isinstance(error, SeamworkError) and key in self._told:
            raise Blocked(
                N_("The system this needs does not start, as said above."),
                N_("Mend that first."),
            ) from error
        self._told.add(key)
        return job.result()

    def _build(self, *, only: Sequence[str] = (), standins: Sequence[str] = (), restricted: bool = False) -> System:
        real = [name for name in only or self.roles if name not in standins]
        return self._start(self._theirs, self.contract, real, standins=standins, restricted=restricted)

    def _build_monolith(self) -> System:
        return self._start(self._ground.monolith, self._ground.course.contract("00"), ["shop"])

    @cached_property
    def _redis_url(self) -> str:
        return self._ground.redis.url

    def _start(self, tree: Tree, contract: Contract, real: Sequence[str], *, standins: Sequence[str] = (), restricted: bool = False) -> System:
        databases = {name: tree.database(name) for name in dict.fromkeys(contract.database(role) for role in real)}
        environment = {
            role: {"DATABASE_URL": _url(databases[contract.database(role)], contract, role, restricted), **self._redis(role, contract)}
            for role in real
        }
        plan = Plan(contract, real, standins, tree.helpers(real), environment)
        return System(plan, partial(tree.service, within=READY), loop=self._ground.loop, ledger=self.ledger, on_fault=self._faults.extend)

    def _redis(self, role: str, contract: Contract) -> dict[str, str]:
        return {"REDIS_URL": self._redis_url} if contract.uses_redis(role) else {}


def _url(database: Database, contract: Contract, role: str, restricted: bool) -> str:
    return database.role_for(role, contract.tables(role)) if restricted else database.url


def _key(options: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in sorted(options.items()))


