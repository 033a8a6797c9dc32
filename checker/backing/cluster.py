"""One throw-away PostgreSQL server of our own: a copied data directory, a port, a random password."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

from checker.backing.connect import Connection, connect, warm_up
from checker.backing.golden import SUPERUSER, lay_data
from checker.backing.leftovers import end_leftover
from checker.backing.logged import start_logged, tail
from checker.backing.places import PrivateDir, server_uid
from checker.backing.ports import LOOPBACK, PortTaken, free_port, on_a_free_port
from checker.backing.scram import verifier
from checker.backing.starter import forget_at_the_end
from checker.backing.statements import Statement, StatementLog
from checker.errors import N_, EngineFault
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.backing.binaries import Program
    from checker.backing.starter import Started, Starter

__all__ = ["Cluster"]

ROOM = 160 << 20
"""Bytes that must be free: the data directory takes 28 MB, each database 8 MB more."""
READY_WITHIN = 20.0

THROW_AWAY = {  # nothing here survives the run, so nothing is written for the day after a crash
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "min_wal_size": "2MB",
    "checkpoint_timeout": "1h",
}
SMALL = {
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
    "max_logical_replication_workers": "0",
    "max_parallel_workers": "0",
    "jit": "off",
    "huge_pages": "off",
    "dynamic_shared_memory_type": "mmap",  # in the data directory, so that a kill leaves nothing in /dev/shm
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",  # a learner's failing SQL is their log's business
}


class Cluster:
    """A running server. ``url`` is the superuser's; ``connection`` is one of theirs; ``pid`` is its process."""

    def __init__(
        self,
        program: Program,
        starter: Starter,
        *,
        statements: bool = False,
        home: PrivateDir | None = None,
        ports: Callable[[], int] = free_port,
    ) -> None:
        """Start it, in ``home`` or a new private folder, and wait until it answers.

        Raises Blocked where there is no room, EngineFault when it ends before it is ready.
        """
        threading.Thread(
            target=warm_up, daemon=True
        ).start()  # the driver's import takes longer than the server's start
        self._program, self._starter, self._uid = program, starter, server_uid()
        self._home = home or PrivateDir("pg", uid=self._uid, need=ROOM)
        forget_at_the_end(starter, self._home.path)
        self._log = StatementLog(self._home.path / "postgres.log") if statements else None
        self._at_close = contextlib.ExitStack()
        self._at_close.callback(self._home.close)
        self._at_close.callback(end_leftover, self._home.path)  # nothing to do, unless someone killed the server
        try:
            self._home.sweep(end_leftover)
            first_password = lay_data(program, self._home.path, starter, uid=self._uid)
            self.port = on_a_free_port(self._start, ports=ports)
            self.url, self.connection = self._with_own_password(first_password)
        except BaseException:
            self.close()
            raise
        self.version = program.version

    def statements(self) -> list[Statement]:
        """Return what learners' connections have asked so far. Raises EngineFault when it was not asked for."""
        if self._log is None:
            raise EngineFault(N_("Statements are not captured on this server."), N_("Open it with statements=True."))
        return self._log.read()

    def close(self) -> None:
        """Stop the server at once and remove its data. Idempotent."""
        self._at_close.close()

    def _start(self, port: int) -> int:
        log = self._home.path / "postgres.log"
        log.unlink(missing_ok=True)
        process = start_logged(self._starter, "postgres", self._command(port), log, uid=self._uid)
        self._at_close.callback(_stop, process)
        self.pid = process.pid
        pidfile = self._home.path / "data" / "postmaster.pid"
        if not until(lambda: _is_ready(pidfile) or process.returncode is not None, within=READY_WITHIN):
            _stop(process)
        if process.returncode is None:
            return port
        said = tail(log)
        if "could not bind" in said and "in use" in said:
            raise PortTaken(port)
        raise EngineFault(
            N_("PostgreSQL {version} ended with {code} before it was ready: {said}"),
            N_("Use --backing path, docker or a URL meanwhile."),
            version=self._program.version,
            code=process.returncode,
            said=said,
        )

    def _command(self, port: int) -> list[str]:
        settings = {
            **THROW_AWAY,
            **SMALL,
            "listen_addresses": LOOPBACK,
            "port": str(port),
            "unix_socket_directories": str(self._home.path),
            "unix_socket_permissions": "0700",
            **({"io_method": "sync"} if self._program.major >= 18 else {}),  # noqa: PLR2004  (three processes fewer)
            **(self._log.settings if self._log else {}),
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(self._program.path), "-D", str(self._home.path / "data"), *options]

    def _with_own_password(self, first: str) -> tuple[str, Connection]:
        password = secrets.token_hex(16)
        connection = connect(_url(self.port, first))
        self._at_close.callback(connection.close)
        # The golden password is in the cache; this one is nowhere. The verifier keeps it out of the log as well.
        connection.execute(f"ALTER ROLE {SUPERUSER} PASSWORD '{verifier(password)}'".encode())
        connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC")
        return _url(self.port, password), connection


def _url(port: int, password: str) -> str:
    return f"postgresql://{SUPERUSER}:{quote(password)}@{LOOPBACK}:{port}/postgres"


def _is_ready(pidfile: Path) -> bool:
    """Read the server's own word, as pg_ctl does: the eighth line of postmaster.pid."""
    try:
        lines = pidfile.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"  # noqa: PLR2004


def _stop(process: Started) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGQUIT)  # at once, its clients too; SIGTERM would wait for them
        until(lambda: process.returncode is not None, within=2.0, every=0.002)
    process.stop()
