"""Where a store is: a file, or a schema of a PostgreSQL database; and the engine that speaks to it."""

from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from checker.backing import redacted
from checker.errors import N_, UsageError

__all__ = ["Address", "engine_for"]

WAIT = 30.0
"""Seconds that a writer waits for another one."""
SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
NOTICED = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""How a server finds out within a minute that the machine of a grader is gone, and with it its lock."""


@dataclass(frozen=True)
class Address:
    """``file`` is set for SQLite, ``schema`` for PostgreSQL; ``words`` name it to people, without a password."""

    url: URL
    words: str
    file: Path | None = None
    schema: str = ""

    @classmethod
    def of(cls, place: str | Path) -> Address:
        """Read a path, sqlite:///path, or postgresql://user@host/name?schema=seamwork. Raises UsageError on others."""
        if "://" not in str(place):
            return cls._file(Path(place))
        try:
            url = make_url(str(place))
        except (ArgumentError, ValueError):
            raise _no_place(str(place).partition("://")[0]) from None
        if url.drivername == "sqlite" and url.database:
            return cls._file(Path(url.database))
        if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            return cls._server(url.set(drivername="postgresql+psycopg"))
        raise _no_place(url.drivername)

    @classmethod
    def _file(cls, path: Path) -> Address:
        file = path.absolute()
        return cls(URL.create("sqlite", database=str(file)), str(path), file)

    @classmethod
    def _server(cls, url: URL) -> Address:
        schema = url.query.get("schema", "seamwork")
        if not isinstance(schema, str) or not SCHEMA.fullmatch(schema):
            raise UsageError(
                N_("{schema!r} is no name for the schema of a store."),
                N_("Small letters, digits and _ will do: ?schema=autumn"),
                schema=schema,
            )
        plain = url.difference_update_query(["schema"])
        return cls(plain, redacted(plain.set(drivername="postgresql").render_as_string()), schema=schema)


def engine_for(address: Address) -> Engine:
    """Return an engine. A transaction with the option ``writes`` is a writer's from its start, and waits for others."""
    if address.file is None:
        options = f"-c search_path={address.schema} -c timezone=UTC {NOTICED}"
        return create_engine(address.url, connect_args={"options": options, "connect_timeout": 10}, pool_pre_ping=True)
    _make(address.file)
    engine = create_engine(address.url, connect_args={"timeout": WAIT})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _make(file: Path) -> None:
    """Make the file if it is not there: marks are nobody else's business."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as reason:
        raise UsageError(
            N_("{path} cannot be written: {reason}."), N_("Name another place."), path=file, reason=reason.strerror
        ) from None


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver would begin late, and leave what changes tables out
    connection.execute("PRAGMA journal_mode = WAL")  # who reads does not wait for who writes
    connection.execute("PRAGMA synchronous = FULL")  # what was committed outlives a kill, and the power too
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _no_place(found: str) -> UsageError:
    return UsageError(
        N_("{found!r} is no kind of store."),
        N_("Name a file (grades.db), or a database: postgresql://user@host/name?schema=seamwork"),
        found=found,
    )
