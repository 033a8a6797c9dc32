"""The shop that is up: one system on one ground, a door to each service at an address that stays, and its faults."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.errors import N_, LearnerFault, SeamworkError, ServiceFailed, UsageError
from checker.evidence import HttpProxy
from checker.evidence.asking import Ask, Content
from checker.outcome import Message
from checker.runtime.ground import Ground
from checker.runtime.stage import Stage
from checker.session.up_anew import seen_since, started_anew
from checker.session.up_run import Aliases, Errands
from checker.session.up_sql import answer_of, knocking
from checker.session.up_state import Answered, FaultNow, Rows, ServiceNow, State, error_to
from checker.session.up_streams import look_at, streams_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.course import Lab, Workspace
    from checker.runtime.launcher import Process
    from checker.runtime.role import FaultOn, Role
    from checker.runtime.system import System
    from checker.session.up_faults import Break
    from checker.session.up_options import Options
    from checker.session.up_streams import Look, Stream

__all__ = ["Shop"]

SEED = 1
"""Nothing in a shop that is up is drawn by chance."""
AGAIN = N_("See seamwork logs {service}; it is started again on the next save, or by seamwork up --restart.")


@dataclass
class _Standing:
    """What was built last. ``troubles``: why a service did not come back after a reload."""

    lab: Lab
    stage: Stage
    system: System
    procfile: bytes
    faults: list[FaultOn] = field(default_factory=list)
    troubles: dict[str, SeamworkError] = field(default_factory=dict)

    @property
    def roles(self) -> list[Role]:
        """Who plays, in the order of the contract."""
        return [self.system[name] for name in self.stage.roles]


class Shop:
    """The learner's system of the lab they are at. ``start()`` it, ``close()`` it; any thread may ask it anything."""

    def __init__(self, space: Workspace, options: Options) -> None:
        self.space, self.options = space, options
        self.ground = Ground(space.course, backing=options.backing, cold=options.cold)
        self._standing: _Standing | None = None
        self._broken: SeamworkError | None = None  # why nothing stands
        self._doors: dict[str, HttpProxy] = {}
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._restarts = 0
        self._aliases = Aliases()
        self._closed = False
        self._lock = threading.RLock()

    def start(self) -> None:
        """Build the system, from new databases. Raises LearnerFault when it does not start; then nothing stands."""
        with self._lock:
            try:
                self._standing, self._broken = self._build(), None
            except SeamworkError as error:
                self._broken = error
                raise
            self._open_doors(self._standing)

    def restart(self) -> None:
        """Begin again: new databases, release processes, all. Raises as :meth:`start` does."""
        with self._lock:
            self._take_down()
            self._restarts += 1
            self.start()

    def reload(self) -> None:
        """Start every process anew, on the data there is. Begin again where the Procfile or the lab is another one.

        What does not come back is said by :meth:`state`; nothing is raised.
        """
        with self._lock:
            standing = self._standing
            if self._closed:
                return
            if standing is None or self._outdated(standing):
                self._begin_again()
                return
            self._restarts += 1
            standing.troubles = started_anew(standing.system)
            self._open_doors(standing)

    def state(self) -> State:
        """Say how it is."""
        with self._lock:
            standing = self._up()
            services = [self._service(standing, role) for role in standing.roles]
            return State(
                workspace=str(self.space.path),
                lab=standing.lab.name,
                since=self._since,
                pid=os.getpid(),
                services=services,
                helpers=_helpers(standing),
                faults=[_fault(fault) for fault in standing.faults],
                environment=dict(self.ground.describe()),
                reloads=self.options.reload,
                restarts=self._restarts,
            )

    def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> Answered:
        """Ask a service, as you; wait ``timeout`` seconds for the whole reply. No reply is an answer as well.

        Raises UsageError when there is no such service, what stopped it when it is down.
        """
        with self._lock:
            standing = self._up()
            role = self._role(standing, service)
            if trouble := _trouble(standing, role):
                raise trouble
        content = {"headers": dict(headers or {})} | ({} if body is None else {"json": body})
        ask = Ask.of(method, path, Content(**content))
        began = self.ground.ledger.now()
        found: dict[str, Any] = {}
        try:
            reply = role.request(method, path, timeout=timeout, **content)
        except LearnerFault as error:
            found = {"error": error_to(error)}
        else:
            kind = reply.headers.get("content-type", "")
            found = {"status": reply.status_code, "content_type": kind, "body": reply.content.decode(errors="replace")}
        seconds = self.ground.ledger.now() - began
        again = ask.curl(self._doors[service].url.removeprefix("http://"))
        return Answered(
            service,
            str(ask),
            again,
            seconds,
            seen_since(began, standing.system, self.ground.ledger, service, str(ask)),
            **found,
        )

    @contextmanager
    def calls(self, process: str) -> Iterator[Process]:
        """Run one of the processes that are only called, for as long as this lasts. Raises UsageError for another."""
        with self._lock:
            errands = self._errands()
        with errands.running(process, self._aliases) as called:
            yield called

    def callable(self) -> Sequence[str]:
        """Name the processes that are only called."""
        with self._lock:
            return self._errands().names()

    def sql(self, service: str, query: str, login: str | None) -> Rows:
        """Ask the database of a service, by its own login or by that of another one. Raises as :func:`answer_of` does."""
        with self._lock:
            standing = self._up()
            place, guest = (self._role(standing, name).database_url for name in (service, login or service))
        return answer_of(knocking(place, guest), query)

    def streams(self) -> list[Stream]:
        """Return which streams the broker has. Raises UsageError in a lab without one."""
        return streams_of(self._broker())

    def stream(self, name: str, count: int) -> Look:
        """Look at a stream. Raises as :meth:`streams` and :func:`look_at` do."""
        return look_at(self._broker(), name, count)

    def breaks(self, service: str, fault: Break) -> State:
        """Switch a fault on, on every edge into the service. Raises UsageError when there is no such service, or edge."""
        with self._lock:
            standing = self._up()
            role = self._role(standing, service)
            if not role.edges:
                raise UsageError(
                    N_("In lab {lab} nobody calls {service} but you, so there is nothing to break."),
                    N_("Break one that another service calls: {others}."),
                    lab=standing.lab.number,
                    service=service,
                    others=", ".join(other.name for other in standing.roles if other.edges) or "-",
                )
            standing.faults.append(fault.switch_on(role))
            return self.state()

    def heals(self, service: str | None = None) -> State:
        """Take every fault back, or those on one service."""
        with self._lock:
            standing = self._up()
            roles = [self._role(standing, service)] if service else standing.roles
            for role in roles:
                role.heals()
            healed = {role.name for role in roles}
            standing.faults = [fault for fault in standing.faults if fault.callee not in healed]
            return self.state()

    def processes(self) -> Sequence[str]:
        """Name the processes of the learner's."""
        with self._lock:
            return [service.name for service in self._up().system.services]

    def close(self) -> None:
        """End everything. Closing twice is fine."""
        with self._lock:
            self._closed = True
            self._take_down()
            for door in self._doors.values():
                door.close()
            self._doors.clear()
            self.ground.close()

    # Building

    def _build(self) -> _Standing:
        lab, procfile = self.space.lab, self._procfile()
        self.ground.ready_for(self.space.path)
        stage = Stage(self.ground, lab, self.space.path, seed=SEED)
        try:
            return _Standing(lab, stage, stage.system(), procfile)
        except BaseException as error:
            if not isinstance(error, Exception):
                self.ground.let_go()  # nobody waits for what does not get ready
            stage.close()
            raise

    def _take_down(self) -> None:
        if self._standing is not None:
            self._standing.stage.close()
        self._standing = None

    def _begin_again(self) -> None:
        self._take_down()
        self._restarts += 1
        try:
            self.start()
        except SeamworkError as error:
            self._broken = error

    def _outdated(self, standing: _Standing) -> bool:
        return standing.lab != self.space.lab or standing.procfile != self._procfile()

    def _errands(self) -> Errands:
        """Return what can be called; a save that asks for another system is not waited for to be noticed."""
        if self.options.reload and self._outdated(self._up()):
            self._begin_again()
        standing = self._up()
        return Errands(self.ground, standing.stage, standing.system, self.space.path)

    def _procfile(self) -> bytes:
        try:
            return (self.space.path / "Procfile").read_bytes()
        except OSError:
            return b""

    def _open_doors(self, standing: _Standing) -> None:
        """Let each service be reached where it was before, or at the next port that is stable."""
        for number, role in enumerate(standing.roles):
            if role.name not in self._doors:
                self._doors[role.name] = self._door(role.name, self.options.port + number)
            address = ("127.0.0.1", role.service.port)
            for edge in (self._doors[role.name], *role.edges.values()):
                edge.upstream = address

    def _door(self, name: str, port: int) -> HttpProxy:
        taken = {door.port for door in self._doors.values()}
        wanted = next(number for number in range(port, port + len(taken) + 1) if number not in taken)
        for number in (wanted, 0):
            try:
                return HttpProxy(self.ground.loop, self.ground.ledger, "you", name, port=number)
            except OSError:
                if number == 0:
                    raise
        raise AssertionError  # port 0 is taken or raises

    # Looking

    def _broker(self) -> str:
        with self._lock:
            standing = self._up()
            if not standing.stage.contract.broker:
                raise UsageError(
                    N_("In lab {lab} there is no broker, and so no streams."),
                    N_("A later lab brings one."),
                    lab=standing.lab.number,
                )
            return standing.system.broker_url

    def _up(self) -> _Standing:
        if self._standing is None:
            raise self._broken or UsageError(N_("The shop is not up yet."), N_("Wait a moment, and ask again."))
        return self._standing

    def _role(self, standing: _Standing, service: str) -> Role:
        known: dict[str, Role] = {role.name: role for role in standing.roles}
        if service not in known:
            raise UsageError(
                N_("There is no service {service!r} in lab {lab}."),
                N_("There are: {services}."),
                service=service,
                lab=standing.lab.number,
                services=", ".join(known),
            )
        return known[service]

    def _service(self, standing: _Standing, role: Role) -> ServiceNow:
        trouble = _trouble(standing, role)
        said = Message(trouble.message, trouble.move, error_to(trouble)["values"]) if trouble else None
        return ServiceNow(role.name, self._doors[role.name].url, ready=trouble is None, trouble=said)


def _trouble(standing: _Standing, role: Role) -> SeamworkError | None:
    if role.name in standing.troubles:
        return standing.troubles[role.name]
    if role.service.alive:
        return None
    return ServiceFailed(
        N_("{service} has ended, with exit code {code}."),
        AGAIN,
        service=role.name,
        code=role.service.process.returncode,
    )


def _helpers(standing: _Standing) -> list[str]:
    roles = {role.name for role in standing.roles}
    return [service.name for service in standing.system.services if service.name not in roles]


def _fault(fault: FaultOn) -> FaultNow:
    return FaultNow(fault.callee, fault.what, fault.callers, sum(each.met for each in fault.faults))
