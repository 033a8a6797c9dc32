"""A service as a check sees it: by its role, as its client, and as the one who breaks it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from checker.errors import N_, EngineFault
from checker.evidence import Client, Due, Edge, HttpProxy, LiveFault, Reply, StandIn
from checker.ledger import Exchange, Ledger
from checker.runtime.service import Service
from checker.runtime.worker import Line

if TYPE_CHECKING:
    from checker.evidence import PostgresTap, RedisTap

__all__ = ["FaultOn", "Role"]


@dataclass(frozen=True)
class FaultOn:
    """A fault that a check switched on, on every edge into ``callee``."""

    callee: str
    callers: tuple[str, ...]
    faults: tuple[LiveFault, ...]

    @property
    def what(self) -> str:
        """What it does: "hangs"."""
        return self.faults[0].what

    @property
    def unmet(self) -> bool:
        """Whether it acted on nobody, so that it proves nothing."""
        return all(fault.unmet for fault in self.faults)


class Role:
    """One role of the system: ``orders``. Requests go straight to it; faults act on the edges its neighbours use."""

    def __init__(
        self,
        name: str,
        client: Client,
        *,
        ledger: Ledger,
        edges: Mapping[str, HttpProxy],
        service: Service | None = None,
        standin: StandIn | None = None,
        line: Line | None = None,
        on_fault: Callable[[FaultOn], None] = lambda _: None,
    ) -> None:
        self.name = name
        self._client = client
        self._ledger = ledger
        self._edges = edges  # caller → the proxy it calls us through
        self._service = service
        self._standin = standin
        self._line = line or Line()
        self._on_fault = on_fault

    # As its client

    def request(self, method: str, path: str, **how: Any) -> Reply:
        """Send a request; ``how`` is json=, headers=, timeout= (seconds). Raises NoReply."""
        return self._client.request(method, path, **how)

    def get(self, path: str, **how: Any) -> Reply:
        """GET ``path``."""
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> Reply:
        """POST to ``path``."""
        return self.request("POST", path, **how)

    def patch(self, path: str, **how: Any) -> Reply:
        """PATCH ``path``."""
        return self.request("PATCH", path, **how)

    def put(self, path: str, **how: Any) -> Reply:
        """PUT to ``path``."""
        return self.request("PUT", path, **how)

    def delete(self, path: str, **how: Any) -> Reply:
        """DELETE ``path``."""
        return self.request("DELETE", path, **how)

    # What its neighbours asked of it

    @property
    def calls(self) -> list[Exchange]:
        """What other services asked of it since this check began."""
        return [e for e in self._ledger.exchanges(check=self._ledger.check, callee=self.name) if e.caller != "you"]

    @property
    def log(self) -> list[str]:
        """What it has written since this check began, line by line."""
        return [line.text for line in self._ledger.lines(self.name) if line.check == self._ledger.check]

    # As the one who breaks it; ``due`` says which requests are meant, see Due

    def hangs(self, **due: Unpack[Due]) -> FaultOn:
        """Let its neighbours wait for ever."""
        return self._break(lambda edge: edge.hangs(**due))

    def resets(self, **due: Unpack[Due]) -> FaultOn:
        """Tear its neighbours' connections down."""
        return self._break(lambda edge: edge.resets(**due))

    def delays(self, seconds: float, **due: Unpack[Due]) -> FaultOn:
        """Let requests to it wait so many seconds."""
        return self._break(lambda edge: edge.delays(seconds, **due))

    def answers(self, status: int, body: Any = None, **due: Unpack[Due]) -> FaultOn:
        """Answer its neighbours with this status, without asking it."""
        return self._break(lambda edge: edge.answers(status, body, **due))

    def drops_the_answer(self, **due: Unpack[Due]) -> FaultOn:
        """Let a request through, and lose the answer."""
        return self._break(lambda edge: edge.drops_the_answer(**due))

    def sends_half_a_body(self, **due: Unpack[Due]) -> FaultOn:
        """Cut its replies in the middle."""
        return self._break(lambda edge: edge.sends_half_a_body(**due))

    def sends_garbage(self, **due: Unpack[Due]) -> FaultOn:
        """Answer with bytes that are no HTTP."""
        return self._break(lambda edge: edge.sends_garbage(**due))

    def refuses(self) -> FaultOn:
        """Refuse its neighbours' connections, as if nobody listened."""
        return self._break(lambda edge: edge.refuses())

    @contextmanager
    def held(self, number: int, *, within: float) -> Iterator[None]:
        """Hold what its neighbours ask until so many requests have arrived, at most ``within`` seconds: then all go on.

        So that things happen at the same moment, by arrangement and not by luck.
        """
        holds = [edge.hold(number) for edge in self._edges.values()]

        def let_go() -> None:
            for hold in holds:
                hold.release()

        in_time = threading.Timer(within, let_go)
        in_time.start()
        try:
            yield
        finally:
            in_time.cancel()
            let_go()

    def heals(self) -> None:
        """Take every fault back."""
        for each in self._ours():
            each.heals()

    # What it is made of

    @property
    def standin(self) -> StandIn:
        """The scripted stand-in that plays this role. Raises EngineFault where the real service does."""
        if self._standin is None:
            raise EngineFault(N_("{role} is played by the learner's own service in this check."), role=self.name)
        return self._standin

    @property
    def service(self) -> Service:
        """The learner's process. Raises EngineFault where a stand-in plays the role."""
        if self._service is None:
            raise EngineFault(N_("{role} is played by a stand-in in this check."), role=self.name)
        return self._service

    @property
    def tap(self) -> PostgresTap:
        """What lies between the process and its database. Raises EngineFault where nothing does."""
        if self._line.tap is None:
            raise EngineFault(N_("Nothing is tapped between {role} and its database in this lab."), role=self.name)
        return self._line.tap

    @property
    def database_url(self) -> str:
        """The DATABASE_URL that it was given. Raises EngineFault where a stand-in plays the role."""
        return self.service.environment["DATABASE_URL"]

    @property
    def edges(self) -> Mapping[str, HttpProxy]:
        """The proxy that each of its neighbours calls it through."""
        return self._edges

    @property
    def url(self) -> str:
        """Where it listens: http://127.0.0.1:port."""
        return self._client.base_url

    def _all_edges(self) -> dict[str, Edge]:  # the tap is none: nobody of the learner's is behind it
        return {**self._edges, **({"?": self._standin} if self._standin else {})}

    def _break(self, switch: Callable[[Edge], LiveFault]) -> FaultOn:
        edges = dict(self._edges) or self._all_edges()
        if not edges:
            raise EngineFault(N_("Nobody calls {role} in this system, so there is nothing to break."), role=self.name)
        fault = FaultOn(self.name, tuple(edges), tuple(switch(edge) for edge in edges.values()))
        self._on_fault(fault)
        return fault

    @property
    def our_fault(self) -> EngineFault | None:
        """What went wrong in a proxy, a stand-in or a tap of ours."""
        return next((each.error for each in self._ours() if each.error), None)

    def forgets_our_fault(self) -> None:
        """Begin anew after :attr:`our_fault` was told: it belongs to the check it happened in."""
        for each in self._ours():
            each.error = None

    def _ours(self) -> list[Edge | PostgresTap | RedisTap]:
        return [*self._all_edges().values(), *self._line.taps]

    def close(self) -> None:
        """Close our connections to it."""
        self._client.close()
