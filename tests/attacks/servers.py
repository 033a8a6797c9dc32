"""A tester with the servers of a submission, whose SQL is hostile: python servers.py KIND WITHOUT. Prints what it saw."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from pathlib import Path

import psycopg

from checker.backing import Postgres, open_postgres, open_redis
from checker.backing.psql import run_sql
from checker.errors import LearnerFault
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import DEFENCES, Sandbox
from checker.ledger import Ledger
from checker.runtime.launcher import Launcher

PROGRAM = "COPY found FROM PROGRAM 'cat {hidden} 2>&1 || true; echo; echo user $(id -u); ls -d /proc/[0-9]* | wc -l | sed s/^/processes:/'"
SLEEPS = 'for i in $(seq 300); do sleep 20 >/dev/null 2>&1 & all="$all $!"; done; echo bomb went off; kill $all'
BOMB = f"COPY found FROM PROGRAM '{SLEEPS}'"
"""What sleeps holds no pipe: COPY waits for nobody whose pipe is open."""
SQL = r"""
\! cat {hidden} > /tmp/psql-saw 2>&1 || true
\set saw `cat {hidden} 2>&1; ls /proc | grep -c '^[0-9]'`
CREATE TABLE by_psql AS SELECT :'saw' AS line;
"""


def main(kind: str, without: list[str]) -> dict[str, object]:
    """Let an administrator's SQL do its worst."""
    folder = Path(tempfile.mkdtemp(prefix="seamwork-attack-"))
    folder.chmod(0o755)
    hidden = folder / "test_hidden.py"
    hidden.write_text("the hidden thing\n", "utf-8")
    with (
        slots.take() as slot,
        Sandbox(kind=kind, slot=slot) as sandbox,
        Launcher(ledger=Ledger(), cells=sandbox.servers) as keeper,
        open_redis("embedded", keeper, guarded=True) as broker,
        _open(sandbox, keeper, DEFENCES - {*without}) as postgres,
    ):
        with contextlib.suppress(LearnerFault):
            run_sql(postgres.url, "evil.sql", SQL.format(hidden=hidden).encode(), {}, starter=keeper)
        with postgres.admin() as admin:
            admin.execute("CREATE TABLE found (line text)")
            admin.execute(PROGRAM.format(hidden=hidden).encode())
            with contextlib.suppress(psycopg.Error):
                admin.execute(BOMB.encode())
            lines = [row[0] for row in admin.execute("SELECT line FROM found").fetchall()]
            lines += [row[0] for row in admin.execute("SELECT line FROM by_psql").fetchall()]
            with contextlib.suppress(psycopg.Error):
                row = admin.execute("SELECT pg_read_file(%s)", (str(hidden),)).fetchone()
                lines += [str(row)]
        return {"lines": lines, "broker": _ends(broker.url), "answers": postgres.version}


def _open(sandbox: Sandbox, keeper: Launcher, defences: frozenset[str]) -> Postgres:
    """Start PostgreSQL with these defences alone, from data that was laid with all of them there."""
    open_postgres("embedded", keeper).close()
    sandbox._defences = defences
    return open_postgres("embedded", keeper)


def _ends(url: str) -> str:
    import redis  # noqa: PLC0415

    client = redis.Redis.from_url(url)
    with contextlib.suppress(redis.RedisError):
        client.shutdown()
    return str(client.ping())


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
