"""Run somebody's SQL files with psql, as the server's administrator: what they make is theirs, and judged later."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from checker.backing import binaries
from checker.backing.logged import run_logged
from checker.backing.places import PrivateDir, server_uid
from checker.backing.starter import SubprocessStarter
from checker.errors import N_, Blocked, LearnerFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checker.backing.starter import Starter

__all__ = ["run_sql"]

LONGEST = 30.0
"""Seconds that one file may take."""
ROOM = 8 << 20


def run_sql(url: str, name: str, sql: bytes, variables: Mapping[str, str], *, starter: Starter | None = None) -> None:
    r"""Feed ``sql`` to psql at ``url``, an administrator's; ``variables`` are what ``\getenv`` finds.

    An administrator's SQL can run programs, and so can psql's own ``\!``: it runs as servers do, as their user, by their
    ``starter``, in an empty environment and with no file of the learner's in reach. ``name`` is what the file is called
    in messages.
    Raises LearnerFault with the line and PostgreSQL's words, Blocked when there is no psql.
    """
    parts = urlsplit(url)
    env = {
        **variables,
        "PATH": os.defpath,
        "LC_ALL": "C",
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.removeprefix("/"),
        "PGSSLMODE": "disable",
        "PGOPTIONS": "-c client_connection_check_interval=200",  # what it asked ends when it is ended
        "PSQL_HISTORY": os.devnull,
    }
    argv = [str(_psql()), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"]
    home = PrivateDir("sql", uid=(uid := server_uid()), need=ROOM)
    try:
        (home.path / "asked.sql").write_bytes(sql)
        code, said = run_logged(
            starter or SubprocessStarter(),
            "psql",
            ["/bin/sh", "-c", 'exec "$0" "$@" <asked.sql >/dev/null', *argv],
            home.path / "psql.log",
            uid=uid,
            within=LONGEST,
            env=env,
        )
    finally:
        home.close()
    if code is None:
        raise LearnerFault(
            N_("{file} was not done after {seconds:.0f} s."),
            N_("Does a statement in it wait for a lock, or sleep?"),
            file=name,
            seconds=LONGEST,
        )
    if code:
        raise LearnerFault(
            N_("PostgreSQL does not take {file}: {said}"),
            N_(
                "It is run by psql on the database postgres of an empty server, file by file in the order of their names."
            ),
            file=name,
            said=_said(said, name),
        )


def _said(said: str, name: str) -> str:
    return re.sub(r"psql:<stdin>:(\d+): ", rf"{name}:\1: ", said) or "psql said nothing"


def _psql() -> Path | str:
    try:
        embedded = binaries.postgres_embedded(server_uid()).path.parent / "psql"
    except Blocked:
        embedded = None
    if embedded is not None and embedded.is_file():
        return embedded
    if found := shutil.which("psql"):
        return found
    raise Blocked(
        N_("psql is not to be found, and it runs infra/postgres/*.sql."),
        N_("Install seamwork again, or PostgreSQL's client (Debian: apt install postgresql-client)."),
    )
