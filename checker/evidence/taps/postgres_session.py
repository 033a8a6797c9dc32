"""What a connection has under way: which answer belongs to which request, and what that makes of its transaction."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from checker.evidence.taps.postgres_wire import fields_of_error, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.evidence.taps.postgres_edits import Edit
    from checker.evidence.taps.postgres_portals import Portal, Prepared
    from checker.evidence.taps.postgres_statement import Statement
    from checker.evidence.taps.postgres_transactions import Transactions

__all__ = ["DesyncError", "Request", "Session"]

_CYCLES = frozenset(b"QFS\0")
"""What is answered by ReadyForQuery, among others; 0 is the start."""

_SIMPLE = {ord("1"): ord("P"), ord("2"): ord("B"), ord("3"): ord("C"), ord("t"): ord("D")}
_ENDS = frozenset(b"CIs")
_COPIES = frozenset(b"GHW")
_ANY_TIME = frozenset(b"NSARKv")
_WITHIN = frozenset(b"DdcTn")


class DesyncError(Exception):
    """An answer that belongs to nothing we know of."""


@dataclass(eq=False, slots=True)
class Request:
    """A request that waits for its answer. ``ours``: we made it, the client never hears of it.

    ``statements``: those of a Query, or that of an Execute; ``at`` is the one whose answer comes next.
    ``edits``: what is done to answers, by statement. ``retagged``: tags to be told instead of the server's, likewise.
    """

    kind: int
    statements: list[Statement] = field(default_factory=list)
    ours: bool = False
    at: int = 0
    edits: dict[int, Edit] = field(default_factory=dict)
    retagged: dict[int, str] = field(default_factory=dict)
    described: Prepared | Portal | None = None
    done: dict[int, Callable[[], None]] = field(default_factory=dict)  # called when that statement has been done
    refused: Callable[[], Statement] | None = None  # notes the statement of a Parse that failed by itself
    counted: bool = True  # whether it is a part of the client's transactions

    @property
    def statement(self) -> Statement | None:
        """Whose answer comes next."""
        return self.statements[self.at] if self.at < len(self.statements) else None


class Session:
    """The requests of one connection that wait for answers, in order. It does not read or write; it is told."""

    def __init__(self, transactions: Transactions, now: Callable[[], float]) -> None:
        self.transactions = transactions
        self.pending: deque[Request] = deque([Request(0)])
        self.skipping = False  # until a Sync comes
        self.copying = False  # the server takes copy data, and nothing else
        self._now = now
        self._settling: list[Statement] = []  # they have an answer, but not their transaction's state

    def asks(self, request: Request) -> None:
        """Note that a request has been sent to the server."""
        if self.copying:
            self.copying = request.kind not in b"cf"
        elif self.skipping and request.kind != ord("S"):
            self._skip(request)
        elif request.kind not in b"dXp":
            self.skipping = False
            self.pending.append(request)

    @property
    def current(self) -> Request | None:
        """The request that is answered next."""
        while self.pending and self.pending[0].kind in b"Hcf":  # these ask for no answer
            self.pending.popleft()
        return self.pending[0] if self.pending else None

    def answers(self, kind: int, body: bytes) -> None:
        """Take an answer of the server to the current request. DesyncError where it fits nothing that was asked."""
        request = self.current
        if kind in _ANY_TIME:
            return
        if request is None:
            self._unasked(kind)
        elif kind in _WITHIN:
            self._within(request, kind, body)
        elif kind in _ENDS:
            self._done(request, text(body) if kind == ord("C") else "")
        elif kind == ord("E"):
            self._failed(request, fields_of_error(body))
        elif kind == ord("Z"):
            self._ready(text(body))
        elif kind in _COPIES:
            self._copies(request, kind)
        elif kind != ord("V"):
            self._expect(_SIMPLE[kind], stays=kind == ord("t"))

    @property
    def flushed(self) -> bool:
        """Whether the server has been asked to send what it has, before the end of the cycle."""
        return bool(self.pending) and self.pending[0].kind == ord("H")

    def lost(self) -> None:
        """Note that the connection has ended: what waits will never be known."""
        unknown = [each for request in self.pending for each in request.statements if each.outcome == "waiting"]
        for statement in unknown:
            statement.outcome = "lost"
        self.pending.clear()
        self.transactions.lost(unknown=bool(unknown))

    def _expect(self, kind: int, *, stays: bool = False) -> None:
        if self.pending[0].kind != kind:
            raise DesyncError(kind)
        if not stays:
            self.pending.popleft()

    def _within(self, request: Request, kind: int, body: bytes) -> None:
        if kind in b"Tn" and request.kind == ord("D"):
            if request.described is not None and kind == ord("T"):
                request.described.fields = body
            self.pending.popleft()
        elif request.kind not in b"QE":
            raise DesyncError(kind)

    def _done(self, request: Request, tag: str) -> None:
        if request.kind not in b"QE":
            raise DesyncError(request.kind)
        statement = request.statement
        told = request.retagged.get(request.at, tag) if not self.transactions.failing else tag
        if request.counted:
            self.transactions.done(tag, statement.verb if statement and tag == "ROLLBACK" else "")
        if statement is not None:
            self._settle(statement, "done")
            statement.tag = told
        if request.at in request.done:
            request.done[request.at]()
        request.at += 1
        if request.kind == ord("E"):
            self.pending.popleft()

    def _failed(self, request: Request, error: dict[str, str]) -> None:
        self.copying = False
        if request.counted:
            self.transactions.failed()
        if (blamed := self._blamed(request)) is not None:
            self._settle(blamed, "failed")
            blamed.sqlstate, blamed.message = error.get("C", ""), error.get("M", "")
        if request.kind in _CYCLES:
            for each in request.statements[request.at + 1 :]:
                each.outcome = "skipped"
            request.at = len(request.statements)
            return
        while self.pending and self.pending[0].kind != ord("S"):
            self._skip(self.pending.popleft())
        self.skipping = not self.pending

    def _blamed(self, request: Request) -> Statement | None:
        """Return whose failure this is: what fails at the Sync is the commit of what was done last."""
        if request.kind == ord("S"):
            return self._settling[-1] if self._settling else None
        for each in takewhile(lambda each: each.kind != ord("S"), self.pending):
            if each.statement is not None:
                return each.statement
        return request.refused() if request.refused else None

    def _skip(self, request: Request) -> None:
        for statement in request.statements:
            if statement.outcome == "waiting":
                statement.outcome = "skipped"

    def _ready(self, state: str) -> None:
        while self.pending and self.pending[0].kind not in _CYCLES:
            self._skip(self.pending.popleft())
        if not self.pending:
            raise DesyncError(ord("Z"))
        self.pending.popleft()
        self.transactions.ready(state)
        for statement in self._settling:
            statement.transaction = state
        self._settling.clear()

    def _settle(self, statement: Statement, outcome: str) -> None:
        statement.outcome = outcome
        statement.seconds = self._now() - statement.at
        self._settling.append(statement)

    def _copies(self, request: Request, kind: int) -> None:
        if request.kind not in b"QE":
            raise DesyncError(kind)
        if kind == ord("H"):
            return
        waiting = list(self.pending)[1:]
        ended = next((n for n, each in enumerate(waiting) if each.kind in b"cf"), None)
        kept = [] if ended is None else waiting[ended + 1 :]
        self.pending = deque([request, *kept])
        self.copying = ended is None

    def _unasked(self, kind: int) -> None:
        """Take what a server says on its own: that it ends the connection. Anything else fits nothing."""
        if kind != ord("E"):
            raise DesyncError(kind)
