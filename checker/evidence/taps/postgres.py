"""The tap before a PostgreSQL server: which statements a process sends, and what becomes of each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from checker.evidence.taps.base import Tap
from checker.evidence.taps.orders import Dropped, Held, TapFault
from checker.evidence.taps.postgres_catalog import Catalog, Names
from checker.evidence.taps.postgres_planted import Alters, Bug, LeavesOut, LosesWrites
from checker.evidence.taps.postgres_relay import PostgresLink
from checker.evidence.taps.postgres_statement import Statement, chosen
from checker.ledger import EXCHANGES

if TYPE_CHECKING:
    from checker.evidence.loop import Loop
    from checker.evidence.proxy import Address
    from checker.ledger import Ledger

__all__ = ["Failed", "PostgresTap"]

Side = Literal["request", "answer"]
"""Where a fault acts: before the server has seen a statement, or when it has done it and the client has not heard."""


@dataclass(eq=False)
class Failed(TapFault):
    """The statement does not reach the server, which is made to raise an error in its place."""

    sqlstate: str = "40001"
    words: str = "could not serialize access"

    @property
    def sql(self) -> str:
        """What the server is asked instead: it fails by itself, so that the transaction has really failed."""
        words = self.words.replace("'", "''")
        return (
            f"DO $seamwork$BEGIN RAISE EXCEPTION USING MESSAGE = '{words}', ERRCODE = '{self.sqlstate}'; END$seamwork$"
        )


class PostgresTap(Tap):
    """A proxy between ``caller``, one process, and a PostgreSQL server. It reads protocol version 3, without TLS.

    Bytes pass as they came; what cannot be read passes too, and its connection is noted as opaque. Faults take a verb
    ("COMMIT"; "CREATE" is CREATE TABLE, CREATE INDEX, …), a table that is read or written, and a piece of text; None is
    any. Each acts on the k-th such statement from now on, ``only``; on all of them where that is None.
    ``names`` asks the server what its columns are called, for :meth:`alters`; it is called in the loop.
    """

    def __init__(
        self,
        loop: Loop,
        ledger: Ledger,
        caller: str,
        callee: str,
        upstream: Address,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        names: Names | None = None,
    ) -> None:
        self.committed = self.rolled_back = self.opaque = 0
        self.bugs: tuple[Bug, ...] = ()
        self._catalog = None if names is None else Catalog(names)
        self._noted: deque[Statement] = deque(maxlen=EXCHANGES)
        super().__init__(loop, ledger, caller, callee, upstream, host=host, port=port)

    @property
    def statements(self) -> list[Statement]:
        """The statements that came so far, oldest first; the last 20,000 of them. They fill in as answers come."""
        with self.lock:
            return list(self._noted)

    def url_for(self, url: str) -> str:
        """Return the URL that leads through this tap to where ``url`` leads: only host and port are others."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}{self._port.host}:{self.port}").geturl()

    def hold(
        self,
        verb: str | None = None,
        table: str | None = None,
        text: str | None = None,
        *,
        only: int = 1,
        side: Side = "request",
    ) -> Held:
        """Hold a statement before it reaches the server; or its answer, once the server is ready for more.

        What the client sends, or is sent, behind it waits too.
        """
        held = Held(_said("holds", verb, table, side), self, chosen(verb, table, text), only, side == "answer")
        self.on(held)
        return held

    def fail(
        self,
        verb: str | None = None,
        table: str | None = None,
        text: str | None = None,
        *,
        only: int | None = None,
        sqlstate: str = "40001",
        message: str = "could not serialize access",
    ) -> TapFault:
        """Have a statement fail with this SQLSTATE; it never reaches the server, whose transaction fails all the same."""
        what = f"{_said('fails', verb, table, 'request')} with {sqlstate}"
        fault = Failed(what, self, chosen(verb, table, text), only, sqlstate=sqlstate, words=message)
        return self.on(fault)

    def drop(
        self,
        verb: str | None = None,
        table: str | None = None,
        text: str | None = None,
        *,
        only: int | None = 1,
        side: Side = "answer",
    ) -> TapFault:
        """Cut the client's connection instead of the answer; or before the server has seen the statement."""
        what = _said("drops", verb, table, side)
        return self.on(Dropped(what, self, chosen(verb, table, text), only, side == "answer"))

    # Planted bugs

    def loses_writes(self, table: str) -> Bug:
        """Confirm what writes the table, and keep nothing of it, nor of its transaction."""
        return self._plant(LosesWrites(f"loses writes to {table}", self, table))

    def alters(self, table: str, column: str) -> Bug:
        """Let a column's values be others when they are read: a number one more, another character in a text.

        The table need not be there yet. Raises RuntimeError where the tap was not told how to ask for names.
        """
        if self._catalog is None:
            raise RuntimeError("this tap was not told how to ask what columns are called")
        return self._plant(Alters(f"alters {table}.{column}", self, table, column=column, catalog=self._catalog))

    def leaves_out_a_row(self, table: str, *, least: int = 2) -> Bug:
        """Leave the last row of a SELECT on the table out, where there are at least ``least``."""
        return self._plant(LeavesOut(f"leaves a row of {table} out", self, table, least=least))

    def _plant(self, bug: Bug) -> Bug:
        with self.lock:
            self.bugs = (*self.bugs, bug)
        self.ledger.fault(self.callee, bug.what)
        return bug

    # For the links, in the loop

    def link(self, number: int) -> PostgresLink:
        """Return what carries the connection with this number: 1 is the first."""
        return PostgresLink(self, number, partial(self._counts, "committed"), partial(self._counts, "rolled_back"))

    def note(self, statement: Statement) -> None:
        """Keep a statement that came."""
        with self.lock:
            self._noted.append(statement)

    def due(self, statement: Statement) -> Any:
        """Return the fault that is for this statement, once for each statement: the newest of several."""
        due = [fault for fault in self.faults if fault.countable and fault.sees(statement)]
        if not due:
            return None
        statement.fault = due[0].what
        return due[0]

    def _counts(self, what: str) -> None:
        setattr(self, what, getattr(self, what) + 1)


def _said(what: str, verb: str | None, table: str | None, side: str) -> str:
    whose = " on ".join(word for word in (verb or "any statement", table) if word)
    return f"{what} the answer to {whose}" if side == "answer" else f"{what} {whose}"
