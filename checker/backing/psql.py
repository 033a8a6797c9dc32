"""Run somebody's SQL files with psql, as the server's administrator: what they make is theirs, and judged later."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from checker.backing import binaries
from checker.backing.places import server_uid
from checker.backing.starter import as_user
from checker.errors import N_, Blocked, LearnerFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["run_sql"]

LONGEST = 30.0
"""Seconds that one file may take."""
SHOWN = 600
"""Characters of what psql said that a message quotes."""


def run_sql(url: str, name: str, sql: bytes, variables: Mapping[str, str]) -> None:
    r"""Feed ``sql`` to psql at ``url``, an administrator's; ``variables`` are what ``\getenv`` finds.

    An administrator's SQL can run programs, so psql runs as the user that servers run as, in an empty environment and
    with no file of the learner's in reach. ``name`` is what the file is called in messages.
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
    try:
        done = subprocess.run(
            argv,
            input=sql,
            env=env,
            cwd="/",
            capture_output=True,
            timeout=LONGEST,
            check=False,
            **as_user(server_uid()),
        )
    except subprocess.TimeoutExpired as late:
        raise LearnerFault(
            N_("{file} was not done after {seconds:.0f} s."),
            N_("Does a statement in it wait for a lock, or sleep?"),
            file=name,
            seconds=LONGEST,
        ) from late
    if done.returncode:
        raise LearnerFault(
            N_("PostgreSQL does not take {file}: {said}"),
            N_(
                "It is run by psql on the database postgres of an empty server, file by file in the order of their names."
            ),
            file=name,
            said=_said(done.stderr, name),
        )


def _said(stderr: bytes, name: str) -> str:
    text = stderr.decode(errors="replace").strip()
    return re.sub(r"psql:<stdin>:(\d+): ", rf"{name}:\1: ", text)[:SHOWN] or "psql said nothing"


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
