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

if TYPE_CHECKING:
    from checker.evidence import PostgresTap, Script

__all__ = ["Plan", "System"]


@dataclass(frozen=True)
class Plan:
    """Which roles there are, who plays them, and what each is told."""

    contract: Contract
    real: Sequence[str]  # roles played by the learner's processes
    standins: Sequence[str] = ()
    helpers: Sequence[str] = ()  # processes beside the services: orders-relay
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by role: DATABASE_URL, ...
    members: Mapping[str, Member] = field(default_factory=dict)  # by role: its login, where a database is shared
    versions: Mapping[str, Application] = field(default_factory=dict)  # "before": who plays "orders@before"
    taps: Mapping[str, PostgresTap] = field(default_factory=dict)  # by role: what its DATABASE_URL leads through


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
            self._services.append(self._application.helper(name, self._environment(name.partition("-")[0])))

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

    def _environment(self, name: str) -> dict[str, str]:
        neighbours = {
            f"{callee.upper()}_URL": f"http://127.0.0.1:{edges[name].port}"
            for callee, edges in self._edges.items()
            if name in edges
        }
        return {**neighbours, "INSTANCE": "1", **self._plan.environment.get(name, {})}

    def _role(self, name: str, url: str, *, service: Service | None = None, standin: StandIn | None = None) -> Role:
        client = Client(self._ledger, url, callee=self._application.called(name))
        return Role(
            name,
            client,
            ledger=self._ledger,
            edges=self._edges[name],
            service=service,
            standin=standin,
            tap=self._plan.taps.get(name),
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

        Raises EngineFault where none does.
        """
        contracts = [self._plan.contract, *(version.contract for version in self._plan.versions.values())]
        owners = {owner for contract in contracts for owner in contract.owners_of(f"{method} {template}")}
        playing = [standin for name, standin in self._standins.items() if name in owners]
        if not playing:
            raise EngineFault(N_("No stand-in owns {method} {path} in this system."), method=method, path=template)
        for standin in playing:
            standin.on(method, template, script, status=status)

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

    def close(self) -> None:
        """End everything, without asking: who needs SIGTERM to be looked at, sends it. Closing twice is fine."""
        for role in self._roles.values():
            role.close()
        for service in self._services:
            service.stop_soon(0)
        for service in self._services:
            service.kill()
        self._services.clear()
        for edges in self._edges.values():
            for proxy in edges.values():
                proxy.close()
        for standin in self._standins.values():
            standin.close()
        for tap in self._plan.taps.values():
            tap.close()
