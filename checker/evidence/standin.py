"""A scripted service of a contract: "the other team", where it is not the subject of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from checker.errors import N_, EngineFault
from checker.evidence.answer import Answer, problem
from checker.evidence.connection import MOST, Connection, CutOffError
from checker.evidence.edge import KEEP, Call, Edge
from checker.evidence.examples import examples
from checker.evidence.faults import Act
from checker.evidence.framing import Request, Response
from checker.evidence.headers import NotHTTPError
from checker.evidence.routes import Routes, Script

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping

    from checker.evidence.loop import Loop
    from checker.ledger import Ledger

__all__ = ["StandIn"]


class StandIn(Edge):
    """A service called ``name`` that answers as it is told: see ``on``. It knows the faults of every edge.

    ``caller`` is who calls it. Left out, it stands behind a proxy, which notes the exchanges; they are in ``calls`` alone.
    What no answer is scripted for is a problem 404; ``GET /health`` is {"status": "ok"}.
    """

    def __init__(self, loop: Loop, ledger: Ledger, name: str, *, caller: str = "", port: int = 0) -> None:
        self._routes = Routes()
        self.on("GET", "/health", {"status": "ok"})
        super().__init__(loop, ledger, caller, name, port=port)

    @classmethod
    def from_contract(
        cls,
        loop: Loop,
        ledger: Ledger,
        name: str,
        *,
        openapi: Mapping[str, Any],
        paths: Iterable[str],
        answers: Mapping[str, Script] | None = None,
        caller: str = "",
    ) -> Self:
        """Make one that answers these operations of a contract by its examples, or by what its schemas allow.

        ``paths``: "GET /users/{uid}", or "/users/{uid}" for all of its methods; ``answers``: others, by operation.
        EngineFault if the contract does not have one of them.
        """
        good = examples(openapi, paths)
        standin = cls(loop, ledger, name, caller=caller)
        for operation, (status, body) in good.items():
            method, _, path = operation.partition(" ")
            standin.on(method, path, body, status=status)
        for operation, script in (answers or {}).items():
            method, _, path = operation.partition(" ")
            standin.on(method, path, script)
        return standin

    def on(self, method: str, template: str, script: Script, *, status: int = 200) -> None:
        """Answer ``template`` ("/users/{uid}") with ``script``: see ``Script`` for what it can be."""
        self._routes.on(method, template, script, status)

    def answer(self, request: Request) -> Answer:
        """Return the answer to a whole request, in the loop."""
        try:
            return self._routes.answer(request.method, request.target, request.headers, bytes(request.body))
        except NotHTTPError:
            return problem(400, "A header field is none.")
        except Exception as error:  # noqa: BLE001  (whatever a script does, a reply is due)
            self.error = self.error or EngineFault(
                N_("The stand-in for {name} could not answer {asked}: {error!r}."),
                name=self.callee,
                asked=str(request),
                error=error,
            )
            return problem(500, "The stand-in's script failed.")

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Service(self, reader, writer).run()


class _Service(Connection):
    edge: StandIn

    def begin(self) -> Call:
        return Call(0.0, None, request=Request(MOST))

    async def serve(self, call: Call) -> None:
        if call.request.waits_for_continue and not call.request.complete:
            await self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await self.whole(call, invited=True)
        over = call.opaque or not call.request.complete
        answer = problem(400, "This is not HTTP/1.1.") if over else self.edge.answer(call.request)
        raw = answer.wire(call.request, close=over)
        call.response = Response(KEEP, call.request)
        call.response.feed(raw)
        if call.fault is not None and call.fault.act in (Act.DROP, Act.HALVE):
            call.withheld += raw
            await self.spoil(call)
        self.edge.note(call, "not HTTP" if call.opaque else "")
        await self.send(raw)
        if over or call.request.closes:
            raise CutOffError
