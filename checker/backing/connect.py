"""Admin connections. psycopg is imported when the first is made: it costs more than all else that is imported here."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from checker.errors import N_, Blocked

if TYPE_CHECKING:
    import psycopg

__all__ = ["Connection", "connect", "redacted", "warm_up"]

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

APPLICATION = "seamwork"


def warm_up() -> None:
    """Import the driver ahead of time, in a thread beside a server that is starting."""
    with contextlib.suppress(ImportError):  # the one who connects will say so
        import psycopg  # noqa: F401, PLC0415  (loaded, not used)


def connect(url: str) -> Connection:
    """Connect in autocommit mode. Raises Blocked, without the password, when the server does not let us in."""
    import psycopg  # noqa: PLC0415

    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10, application_name=APPLICATION)
    except (psycopg.Error, UnicodeError) as fault:
        raise Blocked(
            N_("PostgreSQL at {url} cannot be used: {fault}"),
            N_("See that it runs and that user, password and database are right, or use --backing embedded."),
            url=redacted(url),
            fault=str(fault).strip().splitlines()[0],
        ) from fault


def redacted(url: str) -> str:
    """Return ``url`` without its password and its query."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query="").geturl()
