"""One throw-away Valkey or Redis server of our own, and what all Redis servers have in common."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Protocol, Self

from checker.backing.leftovers import end_leftover
from checker.backing.logged import start_logged, tail
from checker.backing.places import PrivateDir, server_uid
from checker.backing.ports import LOOPBACK, PortTaken, free_port, on_a_free_port
from checker.backing.resp import ask
from checker.backing.starter import forget_at_the_end
from checker.errors import N_, EngineFault
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from checker.backing.binaries import Program
    from checker.backing.starter import Starter

__all__ = ["Redis", "RedisServer", "Valkey"]

ROOM = 16 << 20
READY_WITHIN = 10.0
GUARDED = {
    "maxmemory": "128mb",
    "maxmemory-policy": "noeviction",
    **{
        f"rename-command {command}": '""'
        for command in ("SHUTDOWN", "DEBUG", "REPLICAOF", "SLAVEOF", "CLUSTER", "FAILOVER", "MODULE", "ACL", "CONFIG")
    },
}
"""What nobody needs to use a broker, and what would take it from the others."""


class RedisServer(Protocol):
    """Where the keys are."""

    url: str
    version: str

    def close(self) -> None:
        """End it, or let go of it."""


class Redis:
    """An empty Redis, wherever it came from. A context manager.

    ``url`` is "redis://:password@host:port/database", ``version`` the server's own ("9.1.2").
    """

    def __init__(self, server: RedisServer) -> None:
        self.url, self.version = server.url, server.version
        self._server = server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave nothing of it. Idempotent."""
        self._server.close()


class Valkey:
    """A server process: in memory, on loopback, with a random password. ``pid`` is its id."""

    def __init__(
        self, program: Program, starter: Starter, *, ports: Callable[[], int] = free_port, guarded: bool = False
    ) -> None:
        """Start it and wait until it answers. ``guarded``: whoever has its password can still not end or set it.

        Raises Blocked where there is no room, EngineFault when it ends before it is ready.
        """
        self.version = program.version
        self._program, self._starter, self._uid = program, starter, server_uid()
        self._password = secrets.token_hex(16)
        self._guarded = guarded
        self._home = PrivateDir("redis", uid=self._uid, need=ROOM)
        forget_at_the_end(starter, self._home.path)
        self._at_close = contextlib.ExitStack()
        self._at_close.callback(self._home.close)
        try:
            self._home.sweep(end_leftover)
            port = on_a_free_port(self._start, ports=ports)
        except BaseException:
            self.close()
            raise
        self.url = f"redis://:{self._password}@{LOOPBACK}:{port}/0"

    def close(self) -> None:
        """Stop the server and remove its folder. Idempotent."""
        self._at_close.close()

    def _start(self, port: int) -> int:
        log = self._home.path / "redis.log"
        log.unlink(missing_ok=True)
        argv = [str(self._program.path), str(self._configured(port))]
        process = start_logged(self._starter, "redis", argv, log, uid=self._uid)
        self._at_close.callback(process.stop)
        self.pid = process.pid
        if not until(lambda: self._answers(port) or process.returncode is not None, within=READY_WITHIN):
            process.stop(0.0)
        if process.returncode is None:
            return port
        said = tail(log)
        if "already in use" in said or "bind:" in said:
            raise PortTaken(port)
        raise EngineFault(
            N_("{program} {version} ended with {code} before it was ready: {said}"),
            N_("Use --backing path, docker or a URL meanwhile."),
            program=self._program.path.name,
            version=self.version,
            code=process.returncode,
            said=said,
        )

    def _configured(self, port: int) -> str:
        """Write the configuration; the password has no place on a command line that all can read."""
        settings = {
            "port": port,
            "bind": LOOPBACK,
            "requirepass": self._password,
            "dir": self._home.path,
            "pidfile": self._home.path / "server.pid",
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "loglevel": "warning",
            "set-proc-title": "no",
        }
        settings |= GUARDED if self._guarded else {}
        file = self._home.path / "redis.conf"
        file.unlink(missing_ok=True)
        file.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        return str(file)

    def _answers(self, port: int) -> bool:
        try:
            return "+PONG" in ask(port, ("AUTH", self._password), ("PING",))
        except OSError:
            return False
