"""One run's stage: builds the systems its checks want, ahead of time where it can, each from a prepared database."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from checker.backing import Adopted
from checker.course import Contract, Lab
from checker.errors import N_, Blocked, LearnerFault, SeamworkError, Unshown
from checker.evidence import Conformance
from checker.ledger import Ledger
from checker.runtime.building import Builder
from checker.runtime.ground import Ground
from checker.runtime.provisioned import Databases
from checker.runtime.role import FaultOn
from checker.runtime.system import System

if TYPE_CHECKING:
    from checker.evidence import PostgresTap

__all__ = ["Run", "Stage"]

T = TypeVar("T")


class Run(Protocol):
    """Run a process of the learner's to its end: ``run("orders-release", url)``; its exit code."""

    def __call__(self, process: str, url: str, *, before: bool = False, **variables: str) -> int:
        """See :meth:`Stage.run`."""


PATIENCE = 2.0
"""Seconds that systems nobody waits for any more have to stand, so that they can be stopped in order."""

AHEAD = 2
"""Fresh systems that are built before they are asked for: a short check would wait for the one after it."""


class Stage:
    """What one run plays on. ``tree`` is the learner's; the monolith's own stands beside it for comparison."""

    def __init__(self, ground: Ground, lab: Lab, tree: Path, *, seed: int) -> None:
        self.seed = seed
        self.ledger: Ledger = ground.ledger
        self.contract: Contract = ground.course.contract(lab.number)
        self._ground = ground
        self._faults: list[FaultOn] = []
        self._builder = Builder(ground, lab, tree, self.contract, self._faults.append)
        self._pool = ThreadPoolExecutor(max_workers=2)
        self._shared: dict[tuple[Any, ...], Future[System]] = {}
        self._questions: dict[str, Future[Conformance]] = {}
        self._told: dict[tuple[Any, ...], SeamworkError] = {}
        self._found: dict[str, Any] = {}
        self._fresh: list[System] = []
        self._to_come: list[dict[str, Any]] = []
        self._ahead: list[tuple[tuple[Any, ...], Future[System]]] = []
        self._closer = ThreadPoolExecutor(max_workers=1)
        self._closing: list[Future[None]] = []
        self.ended_badly: list[str] = []
        self.ledger.clear()

    # For the plugin

    @property
    def roles(self) -> Sequence[str]:
        """The services there are in this lab."""
        return self.contract.services

    def rng(self, name: str) -> random.Random:
        """Return chance that is the same for the same seed and name."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311  (test data, not secrets)

    def expect(
        self, wanted: Sequence[tuple[dict[str, Any], bool]], contracts: Sequence[str] = (), *, monolith: bool = False
    ) -> None:
        """Begin to build what will be asked for: shared systems, the first fresh ones, questions about contracts.

        ``wanted``: for each check in turn, the options of its system and whether it wants a fresh one.
        """
        for options, fresh in wanted:
            if not fresh:
                self._share(_key(options), options)
        if monolith:
            self._share(("monolith",), None)
        for service in contracts:
            self._questions[service] = self._pool.submit(self._ask_about, service)
        self._to_come = [options for options, fresh in wanted if fresh]
        self._get_ahead()

    def _get_ahead(self) -> None:
        """Begin to build the next fresh systems, so that they stand when their checks come."""
        while self._to_come and len(self._ahead) < AHEAD:
            options = self._to_come.pop(0)
            self._ahead.append((_key(options), self._pool.submit(self._builder.system, **options)))

    def _fresh_one(self, options: Mapping[str, Any]) -> System:
        for each in self._ahead:
            if each[0] == _key(options):
                self._ahead.remove(each)
                return each[1].result()
        return self._builder.system(**options)

    def begin(self, check: str) -> None:
        """Begin a check: what is seen from now on is its own."""
        self._faults.clear()
        self.ended_badly.clear()
        self.ledger.check = check

    def settle(self) -> None:
        """Wait until nothing is built or taken down any more: time is the point of what comes now."""
        wait(self._building())
        wait(self._closing)

    def end(self) -> None:
        """End a check: take its faults back, and begin to take down what was started for it alone."""
        self.ledger.check = None
        for system in self._standing():
            if self._faults:
                system.heals()
            system.forgets_our_fault()
        for system in self._fresh:
            system.stop_soon()
        self._closing += [self._closer.submit(system.close) for system in self._fresh]
        self._fresh.clear()
        self._faults.clear()

    def hold_ours(self) -> None:
        """Raise EngineFault when a proxy or a stand-in of ours stumbled: then nothing is the learner's fault."""
        for system in [*self._standing(), *self._fresh]:
            if system.our_fault:
                raise system.our_fault

    @property
    def died(self) -> list[str]:
        """The processes beside services that have ended of themselves: nobody calls them, so nobody else misses them."""
        systems = [*self._standing(), *self._fresh]
        return [worker.name for system in systems for worker in system.workers.values() if worker.died]

    def preconditions(self) -> None:
        """Raise Unshown when a fault was on and no request met it: then nothing was shown."""
        for fault in self._faults:
            if fault.unmet:
                raise Unshown(
                    N_("While {callee} was made to fail ({fault}), nobody asked it anything, so this shows nothing."),
                    N_(
                        "Does {caller} really call {callee} by the address it is given? The wire in the report shows who asked whom."
                    ),
                    callee=fault.callee,
                    caller=", ".join(fault.callers),
                    fault=fault.what,
                )

    # For checks

    def system(self, *, fresh: bool = False, **options: Any) -> System:
        """Return the running system with these options: the shared one, or a new one for this check alone.

        ``only``: the roles played by the learner's services (default: all of the lab's);
        ``standins``: roles played by scripted stand-ins, or OTHERS; ``variables``: what the learner's processes are told
        beside the contract's. Raises ServiceFailed when it does not start; Blocked when that has been said before.
        """
        key = _key(options)
        if not fresh:
            return self._or_blocked(key, self._share(key, options).result)
        system = self._or_blocked(key, partial(self._fresh_one, options))
        self._fresh.append(system)
        self._get_ahead()
        return system

    def once(self, name: str, find: Callable[[], T]) -> T:
        """Return what was found under this name before in this run, or find it."""
        if name not in self._found:
            self._found[name] = find()
        found: T = self._found[name]
        return found

    def monolith(self) -> System:
        """Return the Bazaar as it was before the first lab, running beside the learner's system."""
        return self._or_blocked(("monolith",), self._share(("monolith",), None).result)

    def conformance(self, service: str) -> Conformance:
        """Return the questions about what a service owns, made from the contract."""
        if service not in self._questions:
            self._questions[service] = self._pool.submit(self._ask_about, service)
        return self._questions[service].result()

    @property
    def databases(self) -> Databases:
        """The databases that the learner's SQL makes. Raises EngineFault in a lab where we make them."""
        return self._builder.databases

    def earlier(self, database: Adopted | None = None) -> System:
        """Return the version from before this lab, running for this check on ``database``, else on a copy of what it left."""
        return self._for_this_check(self._builder.earlier(database))

    def on(self, databases: Mapping[str, Adopted], *, only: Sequence[str], standins: Sequence[str] = ()) -> System:
        """Return a new system, for this check alone, on these databases."""
        return self._for_this_check(self._builder.system(only=only, standins=standins, databases=databases))

    def tap(self, database: Adopted) -> PostgresTap:
        """Return a tap between a process and a database: a context manager; see there what it can do."""
        return self._builder.tap(database)

    def run(self, process: str, url: str, *, before: bool = False, **variables: str) -> int:
        """Run a process of the learner's to its end, ``url`` being its DATABASE_URL; its exit code.

        ``before``: that of the version from before this lab. Neighbours it may ask for do not answer, unless named.
        """
        code = self._builder.run(process, url, before=before, **variables)
        if code:
            self.ended_badly.append(process)
        return code

    def _for_this_check(self, system: System) -> System:
        self._fresh.append(system)
        return system

    def _ask_about(self, service: str) -> Conformance:
        return Conformance(self.contract.openapi, self.contract.owners[service].operations, seed=self.seed)

    def close(self) -> None:
        """Stop every system of this run, and drop its databases."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if wait(self._building(), timeout=PATIENCE).not_done:
            self._ground.let_go()  # what does not get ready is not waited for to the end
        self._pool.shutdown()
        self.end()
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(System.close, self._standing()))
        self._closer.shutdown()
        for closing in self._closing:
            closing.result()
        self._builder.forget()

    def _standing(self) -> list[System]:
        return [job.result() for job in self._building() if job.done() and job.exception() is None]

    def _building(self) -> list[Future[System]]:
        jobs = [*self._shared.values(), *(job for _, job in self._ahead)]
        return [job for job in jobs if not job.cancelled()]

    # How they are built

    def _share(self, key: tuple[Any, ...], options: Mapping[str, Any] | None) -> Future[System]:
        if key not in self._shared:
            build = partial(self._builder.system, **options) if options is not None else self._ground.take_monolith
            self._shared[key] = self._pool.submit(build)
        return self._shared[key]

    def _or_blocked(self, key: tuple[Any, ...], build: Callable[[], System]) -> System:
        if key in self._told:
            kind = Unshown if isinstance(self._told[key], LearnerFault | Unshown) else Blocked
            raise kind(
                N_("The system this needs does not start, as said above."),
                N_("Mend that first."),
            )
        try:
            return build()
        except SeamworkError as error:
            self._told[key] = error
            raise


def _key(options: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple((name, _hashable(value)) for name, value in sorted(options.items()))


def _hashable(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, Mapping) else tuple(value) if isinstance(value, list) else value
