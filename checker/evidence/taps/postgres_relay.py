"""One client's connection to a PostgreSQL server, led through a tap."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from checker.evidence.taps.link import Link, Side
from checker.evidence.taps.orders import Dropped, Held
from checker.evidence.taps.postgres_edits import Chain, Edit
from checker.evidence.taps.postgres_ours import Sending, failing, ours_asked, ours_bound, ours_executed
from checker.evidence.taps.postgres_planted import LosesWrites
from checker.evidence.taps.postgres_portals import Column, Portals, columns
from checker.evidence.taps.postgres_session import DesyncError, Request, Session
from checker.evidence.taps.postgres_statement import Statement
from checker.evidence.taps.postgres_text import statements
from checker.evidence.taps.postgres_transactions import Transactions
from checker.evidence.taps.postgres_wire import (
    ANSWERS,
    CANCEL,
    MOST,
    REQUESTS,
    UNENCRYPTED,
    Piece,
    Splitter,
    message,
    text,
)

if TYPE_CHECKING:
    from checker.evidence.taps.postgres import PostgresTap

__all__ = ["PostgresLink"]

Q, P, B, D, E, S, C = b"QPBDESC"
ENDS_OF_DATA = b"cf"


class PostgresLink(Link):
    """Requests go one way, answers the other; ``session`` tells which belong together.

    ``opaque``: from here on bytes pass as they are, because they are no messages we know.
    """

    tap: PostgresTap

    def __init__(
        self, tap: PostgresTap, number: int, committed: Callable[[], None], rolled_back: Callable[[], None]
    ) -> None:
        super().__init__(tap, number)
        self.opaque = False
        self._asked, self._told = Splitter(REQUESTS, starting=True), Splitter(ANSWERS)
        self._session = Session(Transactions(committed, rolled_back), tap.ledger.now)
        self._portals = Portals()
        self._fields: dict[Request, bytes] = {}  # of a simple query: the columns that its rows have
        self._as_idle: set[Request] = set()  # what we put into a transaction of our own: the client hears of none
        self._undone: set[Request] = set()  # those of them whose end we wait for before we roll it back
        self._block = self._losing = False  # what the client will be in, once all it has sent is done
        self._copying = False  # the client sends, by the extended protocol, data that will be lost
        self._held: Held | None = None  # on the client's side
        self._kept: bytearray | None = None  # what the server has said behind an answer that is held
        self._holding: Held | Dropped | None = None  # its answer has begun
        self._arriving: Held | Dropped | None = None  # its answer is here
        self._quiet = False  # the rest of the message under way is not for the client

    def begins(self) -> None:
        """Both ends are there; whether it is a connection or a cancellation is not known yet."""

    def heard(self, data: bytes) -> None:
        """Take bytes of the client."""
        self._asked.add(data)
        self._go_on()

    def answered(self, data: bytes) -> None:
        """Take bytes of the server."""
        self._told.by_row = bool(self.tap.bugs)
        self._told.most = MOST if self.tap.bugs else self._told.most
        self._told.add(data)
        self._tell_on()

    def over(self) -> None:
        """Say of what still waits that nobody will know."""
        self._session.lost()

    def ended(self, side: Side) -> None:
        """Pass an end on, behind what came before it; behind what is held, once that goes on."""
        if side is self.front and self._held is not None:
            return
        if side is self.front:
            self.back.write(self._asked.rest())
        else:
            self._tell(self._told.rest())
        if side is self.front or self._kept is None:
            super().ended(side)

    # From the client to the server

    def _go_on(self) -> None:
        while self._held is None and (piece := self._asked.next()) is not None:
            if self.opaque or piece.kind < 0:
                self.back.write(piece.raw)
                if self._gives_up():
                    self._tell_on()
            elif not piece.first:
                self.back.write(piece.raw)
            else:
                self._take(piece)

    def _take(self, piece: Piece) -> None:
        if piece.kind == 0:
            self._start(piece)
        elif piece.kind == Q:
            self._query(piece)
        elif piece.kind == E:
            self._execute(piece)
        else:
            self._other(piece)

    def _start(self, piece: Piece) -> None:
        (code,) = struct.unpack_from("!I", piece.raw, 4)
        if code in UNENCRYPTED:
            self.front.write(b"N")
            return
        if code == CANCEL:
            self.opaque = True
        else:
            self.tap.counts(self)
        self.back.write(piece.raw)

    def _query(self, piece: Piece) -> None:
        sql = text(piece.body)
        found = [self._statement(sql[start:end], whole=piece.whole) for start, end in statements(sql)]
        request = Request(Q, statements=found)
        raw, before, after = self._planted_in_query(request, piece.raw)
        self._edits(request, lambda: columns(self._fields.get(request, b"")))
        self._send(request, raw, before=before, after=after)

    def _execute(self, piece: Piece) -> None:
        portal = self._portals.executed(piece.body)
        statement = self._statement(portal.prepared.text, whole=portal.prepared.whole)
        portal.statement = statement
        request = Request(E, statements=[statement])
        self._edits(request, portal.columns)
        if statement.verb == "COMMIT" and self._losing and self._block:
            request.retagged[0] = "COMMIT"
            raw, before = ours_executed(), ours_bound("ROLLBACK")
        else:
            raw, before = piece.raw, []
        self._foresee(statement)
        self._copying = statement.verb == "COPY" and self._losing
        self._send(request, raw, before=before)

    def _other(self, piece: Piece) -> None:
        request = Request(piece.kind)
        if piece.kind == P:
            prepared = self._portals.parse(piece.body, whole=piece.whole)
            request.refused = lambda: self._statement(prepared.text, whole=prepared.whole)
        elif piece.kind == B:
            self._portals.bind(piece.body, whole=piece.whole)
        elif piece.kind == D:
            request.described = self._portals.described(piece.body)
        elif piece.kind == C:
            self._portals.close(piece.body)
        elif piece.kind in ENDS_OF_DATA:
            self._copying = False
        elif piece.kind == S and self._losing and not self._block and not self._copying:
            self._losing = False
            self._pass(ours_bound("ROLLBACK"))
            self._pass([(ours_executed(), Request(E, ours=True, counted=False))])
        self._pass([(piece.raw, request)])

    def _statement(self, sql: str, *, whole: bool) -> Statement:
        statement = Statement(self.number, sql[:65_536], self.tap.ledger.now(), self.tap.ledger.check, whole=whole)
        self.tap.note(statement)
        return statement

    def _send(
        self,
        request: Request,
        raw: bytes,
        *,
        before: list[tuple[bytes, Request]] | None = None,
        after: list[tuple[bytes, Request]] | None = None,
    ) -> None:
        """Send a request, unless a fault is due for a statement in it."""
        for at, statement in enumerate(request.statements):
            fault = self.tap.due(statement)
            if fault is None:
                continue
            if not isinstance(fault, (Held, Dropped)):
                fault.met += 1
                raw, before, after = failing(request, fault.sql)
            elif fault.after:
                request.done[at] = partial(self._hold_answer, fault)
            elif isinstance(fault, Dropped):
                fault.here(self.cut, self.cut)
                return
            else:
                self._hold(fault, [*(before or []), (raw, request), *(after or [])])
                return
        self._pass([*(before or []), (raw, request), *(after or [])])

    def _hold(self, fault: Held, messages: list[tuple[bytes, Request]]) -> None:
        self._held = fault
        self.front.pause("held")

        def go() -> None:
            self._held = None
            self.front.resume("held")
            self._pass(messages)
            self._go_on()

        fault.here(go, self.cut)

    def _pass(self, messages: list[tuple[bytes, Request]]) -> None:
        for raw, request in messages:
            self._session.asks(request)
            self.back.write(raw)

    # What is planted

    def _planted_in_query(self, request: Request, raw: bytes) -> Sending:
        """Return what is sent for a Query, and what of ours goes before and behind it."""
        alone = not self._block
        for statement in request.statements:
            commits = statement.verb == "COMMIT"
            if commits and self._losing and self._block and len(request.statements) == 1:
                request.retagged[0] = "COMMIT"
                raw = message(b"Q", b"ROLLBACK\0")
            self._foresee(statement)
        if alone and self._losing and not self._block:
            self._losing = False
            self._as_idle.add(request)
            if any(statement.verb == "COPY" for statement in request.statements):
                self._undone.add(request)  # its data comes next: nothing of ours can stand between
                return raw, [ours_asked("BEGIN")], []
            return raw, [ours_asked("BEGIN")], [ours_asked("ROLLBACK")]
        return raw, [], []

    def _foresee(self, statement: Statement) -> None:
        """Follow what the client will be in, once a statement is done."""
        if statement.verb == "BEGIN":
            self._block = True
        elif statement.verb in ("COMMIT", "ROLLBACK"):
            self._block = self._losing = False
        for bug in self.tap.bugs:
            if isinstance(bug, LosesWrites) and bug.is_for(statement):
                self._losing = True
                bug.meets()
                statement.fault = bug.what

    def _edits(self, request: Request, found: Callable[[], list[Column]]) -> None:
        for at, statement in enumerate(request.statements):
            edits: list[Edit] = [edit for bug in self.tap.bugs if (edit := bug.edit(statement, found)) is not None]
            if edits:
                request.edits[at] = Chain(edits)

    # From the server to the client

    def _tell_on(self) -> None:
        out = []
        while (piece := self._told.next()) is not None:
            out.append(self._answer(piece))
        self._tell(b"".join(out))
        self._arrive()

    def _answer(self, piece: Piece) -> bytes:
        """Return what of a piece is for the client."""
        if self.opaque or piece.kind < 0:
            if self._gives_up():
                self._go_on()
            return piece.raw
        if not piece.first:
            return b"" if self._quiet else piece.raw
        request = self._session.current
        self._quiet = request is not None and request.ours
        quiet = self._quiet
        try:
            raw = self._edited(request, piece) if request is not None else piece.raw
            self._session.answers(piece.kind, piece.body if piece.whole else piece.body[:4096])
        except (DesyncError, LookupError, ValueError, struct.error):
            if self._gives_up():
                self._go_on()
            return piece.raw
        if piece.kind == ord("Z"):
            self._ready(text(piece.body))
        if self._holding is not None and (piece.kind == ord("Z") or (piece.kind == ord("C") and self._session.flushed)):
            self._arriving, self._holding = self._holding, None
        return b"" if quiet else raw

    def _edited(self, request: Request, piece: Piece) -> bytes:
        edit = request.edits.get(request.at)
        if piece.kind == ord("T") and request.kind == Q:
            self._fields[request] = piece.body
        elif piece.kind == ord("D") and edit is not None and piece.whole:
            return edit.row(piece.raw)
        elif piece.kind == ord("C"):
            told = text(piece.body)
            rest, tag = edit.ends(told) if edit is not None else (b"", told)
            tag = request.retagged.get(request.at, tag)
            return piece.raw if tag == told and not rest else rest + message(b"C", tag.encode(), b"\0")
        elif piece.kind == ord("s") and edit is not None:
            return edit.ends("")[0] + piece.raw
        elif piece.kind == ord("Z") and request in self._as_idle:
            self._as_idle.discard(request)
            if request in self._undone:
                self._undone.discard(request)
                self._pass([ours_asked("ROLLBACK")])
            return message(b"Z", b"I")
        return piece.raw

    def _ready(self, state: str) -> None:
        self._fields.clear()
        if not self._session.pending:
            self._block = state != "I"
            self._losing = self._losing and self._block
            self._copying = False

    def _hold_answer(self, fault: Held | Dropped) -> None:
        """From now on nothing goes to the client; what is held is there once the server is ready for more."""
        self._holding = fault
        self._kept = self._kept or bytearray()

    def _arrive(self) -> None:
        """Tell the fault that the answer it waits for is here, and kept."""
        fault, self._arriving = self._arriving, None
        if fault is not None:
            fault.here(self._let_go, self.cut)

    def _let_go(self) -> None:
        kept, self._kept, self._holding = self._kept, None, None
        self.front.write(bytes(kept or b""))
        if self.back.ended:
            self.front.finish()

    def _tell(self, data: bytes) -> None:
        if self._kept is not None:
            self._kept += data
        else:
            self.front.write(data)

    def _gives_up(self) -> bool:
        """Let bytes pass from now on, in both directions; False if they do already."""
        if self.opaque:
            return False
        self.opaque = self._asked.opaque = self._told.opaque = True
        self.tap.opaque += 1
        if self._holding is not None:  # nobody can say any more when its answer is whole
            self._let_go()
        return True
