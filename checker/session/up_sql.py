"""SQL that is asked by hand: the last result, with the first of its rows, in PostgreSQL's own words and in ten seconds."""

from __future__ import annotations

import re
import select
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from checker.errors import N_, Blocked, LearnerFault, UsageError
from checker.report.clean import line
from checker.session.up_state import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    from psycopg.pq.abc import PGconn, PGresult

__all__ = ["LONGEST", "SHOWN", "answer_of", "knocking"]

LONGEST = 10.0
"""Seconds that it may take."""
SHOWN = 50
"""Rows that are kept to be shown; the others are counted."""
CELL = 1_000
"""Characters kept of one value."""
PATIENCE = 1.0
"""Seconds that PostgreSQL has to end by itself what took too long."""
NUMBERS = {20, 21, 23, 26, 700, 701, 1700}
"""The types that are numbers, by oid: int8, int2, int4, oid, float4, float8, numeric."""
AT_THE_DOOR = {
    "permission denied for database": "insufficient_privilege",
    "is not permitted to log in": "invalid_authorization_specification",
    "password authentication failed": "invalid_password",
    "too many connections": "too_many_connections",
}
"""Names of what is said before we are in: the driver does not tell them."""


def knocking(url: str, guest: str) -> str:
    """Return the URL of the same database with the login of another URL."""
    login = urlsplit(guest).netloc.rpartition("@")[0]
    place = urlsplit(url)
    return place._replace(netloc=f"{login}@{place.netloc.rpartition('@')[2]}").geturl()


def answer_of(url: str, query: str, *, within: float = LONGEST) -> Rows:
    """Ask the database at ``url``, and return what the last of the statements came to.

    What it says no to, or is not done ``within`` seconds, is a LearnerFault in its own words. A transaction that is
    left open is rolled back. Raises UsageError for no statement at all, and for COPY, which has nobody to talk to.
    """
    import psycopg  # noqa: PLC0415  (costs a third of a second)

    try:
        with closing(_connected(url, within)) as connection:  # its own `with` would commit
            try:
                return _last(connection.pgconn, query, time.monotonic() + within + PATIENCE)
            except TimeoutError:
                connection.cancel_safe(timeout=PATIENCE)
                raise _too_long(within) from None
    except psycopg.Error as error:
        raise _said_no(str(error), "connection_failure") from None


def _connected(url: str, within: float) -> psycopg.Connection[Any]:
    import psycopg  # noqa: PLC0415

    limit = f"-c statement_timeout={round(within * 1000)}"
    try:
        return psycopg.connect(
            url, autocommit=True, connect_timeout=5, application_name="seamwork", client_encoding="utf8", options=limit
        )
    except psycopg.OperationalError as error:
        raise _not_let_in(str(error)) from None


def _last(pgconn: PGconn, query: str, deadline: float) -> Rows:
    pgconn.send_query(query.encode())
    pgconn.set_single_row_mode()
    reading, last = _Reading(), None
    while (result := _next(pgconn, deadline)) is not None:
        if reading.takes(result):
            last, reading = reading, _Reading()
    if last is None:
        raise UsageError(N_("There is no SQL in {query!r}."), N_("For example: SELECT 1"), query=query[:200])
    idle = 0
    return Rows(
        last.columns, last.numbers, last.rows, last.count, last.tag, unfinished=pgconn.transaction_status != idle
    )


def _next(pgconn: PGconn, deadline: float) -> PGresult | None:
    """Return the next result: a row, or the end of a statement; None after the last one."""
    poll = select.poll()
    poll.register(pgconn.socket, select.POLLIN)
    while pgconn.is_busy():
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        pgconn.consume_input()
        if time.monotonic() > deadline:
            raise TimeoutError
    return pgconn.get_result()


@dataclass
class _Reading:
    """The result of one statement, as it comes in row by row."""

    columns: list[str] = field(default_factory=list)
    numbers: list[bool] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    count: int = 0
    tag: str = ""

    def takes(self, result: PGresult) -> bool:
        """Take what came; whether that was the end of a statement. Raises LearnerFault for an error."""
        from psycopg.pq import DiagnosticField, ExecStatus  # noqa: PLC0415

        if result.status == ExecStatus.FATAL_ERROR:
            raise _refused(lambda name: (result.error_field(DiagnosticField[name]) or b"").decode(errors="replace"))
        if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
            raise UsageError(
                N_("COPY reads and writes files, which there are none of here."), N_("Take SELECT, INSERT.")
            )
        if result.status in (ExecStatus.SINGLE_TUPLE, ExecStatus.TUPLES_OK):
            self._take(result)
        self.tag = (result.command_status or b"").decode()
        return result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)

    def _take(self, result: PGresult) -> None:
        places = range(result.nfields)
        if not self.count:
            self.columns = [(result.fname(place) or b"").decode(errors="replace") for place in places]
            self.numbers = [result.ftype(place) in NUMBERS for place in places]
        if len(self.rows) < SHOWN:
            self.rows += [[_text(result.get_value(row, place)) for place in places] for row in range(result.ntuples)]
        self.count += result.ntuples


def _text(value: bytes | None) -> str | None:
    return None if value is None else line(value[: 4 * CELL].decode(errors="replace"), CELL)


def _refused(field_of: Callable[[str], str]) -> LearnerFault:
    more = [field_of(name) for name in ("MESSAGE_DETAIL", "MESSAGE_HINT")]
    return _said_no(field_of("MESSAGE_PRIMARY"), _name(field_of("SQLSTATE")), " ".join(text for text in more if text))


def _said_no(said: str, name: str, more: str = "") -> LearnerFault:
    shown = {"said": line(said, 600).strip().rstrip("."), "more": line(more, 600), "name": name}
    return LearnerFault(N_("PostgreSQL says: {said} ({name})."), "{more}" if more else "", **shown)


def _not_let_in(said: str) -> LearnerFault | Blocked:
    _, _, fatal = said.rpartition("FATAL:")
    first, *rest = fatal.strip().splitlines() or [""]
    name = next((name for words, name in AT_THE_DOOR.items() if words in first), "")
    if not name:
        return Blocked(
            N_("The database cannot be asked: {said}"),
            N_("Is the shop still up? See: seamwork up"),
            said=line(first or said, 600),
        )
    return _said_no(first, name, " ".join(text.partition(":")[2].strip() for text in rest[:1]))


def _too_long(within: float) -> LearnerFault:
    return LearnerFault(
        N_("It was not done after {seconds:g} s, and has been given up."),
        N_("Does it wait for a lock, or read too much?"),
        seconds=within,
    )


def _name(sqlstate: str) -> str:
    """Return the name that PostgreSQL's manual has for a code (appendix A): "undefined_table" for 42P01."""
    from psycopg import errors  # noqa: PLC0415

    try:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", errors.lookup(sqlstate).__name__).lower()
    except KeyError:
        return sqlstate
