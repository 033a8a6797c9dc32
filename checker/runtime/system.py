"""The learner's services of one lab, running: a database behind them, a recording proxy on each edge between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.backing import Member
from checker.course import Contract
from checker.errors import N_, EngineFault
from checker.evidence import Client, HttpProxy, Loop, Reply, StandIn
from checker.ledger import Exchange, Ledger
from checker.runtime.application import Application, bare
from checker.runtime.role import FaultOn, Role
from checker.runtime.service import READY, Service
from checker.runtime.worker import Line, Worker

if TYPE_CHECKING:
    from checker.backing import Redis
    from checker.evidence import PostgresTap, RedisTap, Script

__all__ = ["Plan", "System"]


@dataclass(frozen=True)
class Plan:
    """Which roles there are, who plays them, and what each is told."""

    contract: Contract
    real: Sequence[str]  # roles played by the learner's processes
    standins: Sequence[str] = ()
    helpers: Sequence[str] = ()  # processes beside the services: orders-relay
    lines: Mapping[str, Line] = field(
        default_factory=dict
    )  # by role and helper: DATABASE_URL, ..., and what is in between
    members: Mapping[str, Member] = field(default_factory=dict)  # by role: its login, where a database is shared
    versions: Mapping[str, Application] = field(default_factory=dict)  # "before": who plays "orders@before"
    another: Callable[[str], Line] | None = None  # a line for one more process of a helper's name
    broker: Redis | None = None  # this system's alone


class System:
    """Roles by name (``system["orders"]``), and a client that sends each path to its owner (``system.get(path)``)."""

    def __init__(
        self,
        plan: Plan,
        application: Application,
        *,
        loop: Loop,
        ledger: Ledger,
        within: float = READY,
        on_fault: Callable[[FaultOn], None] = lambda _: None,
    ) -> None:
        self._plan, self._application, self._within = plan, application, within
        self._loop, self._ledger, self._on_fault = loop, ledger, on_fault
        self._standins = {name: StandIn(loop, ledger, name) for name in plan.standins}
        self._edges = {name: self._edges_into(name) for name in (*plan.real, *plan.standins)}
        self._roles: dict[str, Role] = {}
        self._services: list[Service] = []
        self._workers: dict[str, Worker] = {}
        self._more: list[Line] = []
        self._open()

    def _open(self) -> None:
        try:
            self._start_all()
        except BaseException:
            self.close()
            raise

    def _start_all(self) -> None:
        for name, standin in self._standins.items():
            self._roles[name] = self._role(name, f"http://127.0.0.1:{standin.port}", standin=standin)
        with ThreadPoolExecutor(max_workers=len(self._plan.real)) as pool:
            starting = [pool.submit(self._start_one, name) for name in self._plan.real]
        failures = [error for job in starting if (error := job.exception()) is not None]
        if failures:
            raise failures[0]
        for name in self._plan.helpers:
            self._workers[name] = self._work(name, self._plan.lines.get(name, Line()), "1")

    def _start_one(self, name: str) -> None:
        application = self._plan.versions.get(name.partition("@")[2], self._application)
        service = application.service(name, self._environment(name), within=self._within)
        self._services.append(service)
        for proxy in self._edges[name].values():
            proxy.upstream = ("127.0.0.1", service.port)
        self._roles[name] = self._role(name, f"http://127.0.0.1:{service.port}", service=service)

    def _edges_into(self, callee: str) -> dict[str, HttpProxy]:
        if callee != bare(callee):
            return {}  # neighbours ask today's version
        upstream = ("127.0.0.1", self._standins[callee].port) if callee in self._standins else None
        return {
            caller: HttpProxy(self._loop, self._ledger, caller=caller, callee=callee, upstream=upstream)
            for caller in self._plan.real
            if callee in self._plan.contract.owners[bare(caller)].calls
        }

    def _work(self, name: str, line: Line, instance: str) -> Worker:
        told = {**self._environment(name.partition("-")[0]), **line.told, "INSTANCE": instance}
        self._services.append(self._application.helper(name, told))
        return Worker(self._services[-1], line, self._ledger)

    def _environment(self, name: str) -> dict[str, str]:
        neighbours = {
            f"{callee.upper()}_URL": f"http://127.0.0.1:{edges[name].port}"
            for callee, edges in self._edges.items()
            if name in edges
        }
        return {**neighbours, "INSTANCE": "1", **self._plan.lines.get(name, Line()).told}

    def _role(self, name: str, url: str, *, service: Service | None = None, standin: StandIn | None = None) -> Role:
        client = Client(self._ledger, url, callee=self._application.called(name))
        return Role(
            name,
            client,
            ledger=self._ledger,
            edges=self._edges[name],
            service=service,
            standin=standin,
            line=self._plan.lines.get(name, Line()),
            on_fault=self._on_fault,
        )

    def __getitem__(self, name: str) -> Role:
        if name not in self._roles:
            raise EngineFault(
                N_("There is no {role} in this system; it has {roles}."), role=name, roles=", ".join(self._roles)
            )
        return self._roles[name]

    def __iter__(self) -> Any:
        return iter(self._roles.values())

    # Its client: each path to its owner

    def owner(self, method: str, path: str) -> Role:
        """Return the role that owns the path in this lab."""
        return self[self._plan.contract.owner(method, path)]

    def request(self, method: str, path: str, **how: Any) -> Reply:
        """Send a request to the role that owns the path in this lab. Raises NoReply."""
        return self.owner(method, path).request(method, path, **how)

    def get(self, path: str, **how: Any) -> Reply:
        """GET ``path`` from its owner."""
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> Reply:
        """POST to the owner of ``path``."""
        return self.request("POST", path, **how)

    def patch(self, path: str, **how: Any) -> Reply:
        """PATCH at the owner of ``path``."""
        return self.request("PATCH", path, **how)

    # Its neighbours, where they are played

    def plays(self, method: str, template: str, script: Script, *, status: int = 200) -> None:
        """Answer ``template`` ("/users/{uid}") with ``script`` in each stand-in that owns it, today or in the version before.

        What nobody owns any more, or not yet, is not played. Raises EngineFault where whoever owns it is not a stand-in.
        """
        contracts = [self._plan.contract, *(version.contract for version in self._plan.versions.values())]
        owners = {owner for contract in contracts for owner in contract.owners_of(f"{method} {template}")}
        playing = [standin for name, standin in self._standins.items() if name in owners]
        if owners and not playing:
            raise EngineFault(N_("No stand-in owns {method} {path} in this system."), method=method, path=template)
        for standin in playing:
            standin.on(method, template, script, status=status)

    # Processes beside the services, and the broker between them

    def worker(self, name: str) -> Worker:
        """Return the process with this name: "orders-relay". Raises EngineFault when there is none."""
        if name not in self._workers:
            raise EngineFault(
                N_("There is no {role} in this system; it has {roles}."), role=name, roles=", ".join(self._workers)
            )
        return self._workers[name]

    @property
    def workers(self) -> Mapping[str, Worker]:
        """Every process beside the services, by name."""
        return self._workers

    def another(self, name: str) -> Worker:
        """Start one more process of this name, with taps of its own, for as long as the system lasts. Raises ServiceFailed."""
        self.worker(name)
        line = self._plan.another(name) if self._plan.another else self._plan.lines.get(name, Line())
        self._more.append(line)
        return self._work(name, line, str(len(self._more) + 1))

    @property
    def broker_url(self) -> str:
        """Where the broker itself is, past all taps. Raises EngineFault where there is none of this system's own."""
        if self._plan.broker is None:
            raise EngineFault(N_("This system has no broker of its own."))
        return self._plan.broker.url

    @contextmanager
    def without_broker(self) -> Iterator[None]:
        """Let nobody reach the broker for as long as this lasts; who is connected is cut off."""
        lines = [*self._plan.lines.values(), *self._more]
        faults = [line.broker.refuses() for line in lines if line.broker is not None]
        try:
            yield
        finally:
            for fault in faults:
                fault.end()

    @property
    def calls(self) -> list[Exchange]:
        """What services asked of each other since this check began."""
        return [call for role in self for call in role.calls]

    @property
    def services(self) -> Sequence[Service]:
        """Every process of the learner's: those that play a role, and those beside them."""
        return tuple(self._services)

    @contextmanager
    def confined(self) -> Iterator[None]:
        """Let each service touch its own tables only, by its database role, for as long as this lasts."""
        members = self._plan.members.values()
        try:
            for member in members:
                member.confine()
            yield
        finally:
            for member in members:
                member.release()

    def heals(self) -> None:
        """Take every fault back, everywhere."""
        for role in self._roles.values():
            role.heals()
        for tap in self._taps_of_workers():
            tap.heals()

    @property
    def our_fault(self) -> EngineFault | None:
        """What went wrong in a proxy, a stand-in or a tap of ours."""
        errors = [*(role.our_fault for role in self), *(tap.error for tap in self._taps_of_workers())]
        return next((error for error in errors if error), None)

    def forgets_our_fault(self) -> None:
        """Begin anew after :attr:`our_fault` was told: it belongs to the check it happened in."""
        for role in self:
            role.forgets_our_fault()
        for tap in self._taps_of_workers():
            tap.error = None

    def _taps_of_workers(self) -> list[PostgresTap | RedisTap]:
        lines = [*(self._plan.lines[name] for name in self._workers if name in self._plan.lines), *self._more]
        return [tap for line in lines for tap in line.taps]

    def stop_soon(self) -> None:
        """Begin to end every process, without asking, and do not wait; :meth:`close` is still to come."""
        for service in self._services:
            service.stop_soon(0)

    def close(self) -> None:
        """End everything, without asking: who needs SIGTERM to be looked at, sends it. Closing twice is fine."""
        for role in self._roles.values():
            role.close()
        self.stop_soon()
        for service in self._services:
            service.kill()
        self._services.clear()
        for edges in self._edges.values():
            for proxy in edges.values():
                proxy.close()
        for standin in self._standins.values():
            standin.close()
        for line in (*self._plan.lines.values(), *self._more):
            line.close()
        if self._plan.broker is not None:
            self._plan.broker.close()
