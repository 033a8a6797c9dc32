"""One grader at a time on a store. The system holds the lock for the process: it goes when the process goes."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from checker.grader.store.address import Address

__all__ = ["Lock", "Taken", "lock_for"]

Lock = Callable[[], AbstractContextManager[None]]
"""Takes the lock for as long as a ``with`` lasts, or raises Taken."""

_HELD: set[int] = set()
"""File descriptors by which locks are held. A forked child would keep them when its parent is gone."""


class Taken(Exception):  # noqa: N818  (an answer, not a defect)
    """Somebody else holds it."""


def lock_for(address: Address, engine: Engine) -> Lock:
    """Return the lock of the store that lies there."""
    if address.file is not None:
        file = address.file.with_name(address.file.name + "-lock")
        return lambda: _locked_file(file)
    return lambda: _locked_schema(engine, address.schema)


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(held)
        with _not_in_children(held):
            yield
    finally:
        os.close(held)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Taken from None


@contextmanager
def _locked_schema(engine: Engine, schema: str) -> Iterator[None]:
    number = int.from_bytes(hashlib.sha256(f"seamwork {schema}".encode()).digest()[:8], signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}):
            raise Taken
        try:
            with _not_in_children(connection.connection.driver_connection.fileno()):  # type: ignore[union-attr]
                yield
        finally:
            with suppress(DBAPIError):  # where the connection has failed, the lock went with it
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})


@contextmanager
def _not_in_children(descriptor: int) -> Iterator[None]:
    _HELD.add(descriptor)
    try:
        yield
    finally:
        _HELD.discard(descriptor)


def _let_go() -> None:
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in _HELD:
        os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)
    _HELD.clear()


os.register_at_fork(after_in_child=_let_go)
