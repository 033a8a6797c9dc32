"""PostgreSQL and Redis in containers, by testcontainers, which is imported only when it is used.

Its own reaper would mount the engine's socket into a container; instead each of our containers says which process
it belongs to, and the next start removes those whose process is gone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.backing.connect import Connection, connect
from checker.backing.ports import LOOPBACK
from checker.errors import N_, Blocked

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

    from checker.backing.statements import Statement

__all__ = ["POSTGRES", "REDIS", "PostgresContainer", "RedisContainer"]

POSTGRES = "postgres:17"
REDIS = "redis:8"

LABEL = "org.seamwork.owner"
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")


class _Container:
    """A started container; ``host`` and ``port`` are where it answers."""

    def __init__(self, container: DockerContainer, port: int) -> None:
        self._container: DockerContainer | None = container
        _bind_to_loopback(container, port)
        container.with_kwargs(labels={LABEL: _owner()})
        try:
            _started(container)
            self.host = container.get_container_host_ip().replace("localhost", LOOPBACK)
            self.port = container.get_exposed_port(port)
            self._meet()
        except BaseException:
            self.close()
            raise

    def _meet(self) -> None:
        """Get to know the server that now answers at ``host`` and ``port``."""
        raise NotImplementedError

    def close(self) -> None:
        """Remove the container with its data. Idempotent."""
        if self._container is not None:
            self._container.stop()
            self._container = None


class PostgresContainer(_Container):
    """The official image, its data in memory. ``connection`` is the superuser's, to be taken over."""

    def __init__(self, image: str = POSTGRES) -> None:
        """Start it and wait until it answers. Raises Blocked without an engine or the image."""
        _engine()
        from testcontainers.community.postgres import PostgresContainer as Theirs  # noqa: PLC0415

        self._password = secrets.token_hex(16)
        container = Theirs(image, username="postgres", password=self._password, dbname="postgres", driver=None)
        container.with_command(["postgres", *(word for setting in SETTINGS for word in ("-c", setting))])
        container.with_tmpfs_mount("/var/lib/postgresql/data")
        super().__init__(container, container.port)

    def _meet(self) -> None:
        self.url = f"postgresql://postgres:{self._password}@{self.host}:{self.port}/postgres"
        self.connection: Connection = connect(self.url)
        self.version = (self.connection.info.parameter_status("server_version") or "0").split()[0]

    def statements(self) -> list[Statement]:
        """Raise Blocked: the container's log is not ours to read back."""
        raise Blocked(
            N_("What a server in a container is asked cannot be seen from here."), N_("Use --backing embedded or path.")
        )


class RedisContainer(_Container):
    """The official image."""

    def __init__(self, image: str = REDIS) -> None:
        """Start it and wait until it answers. Raises Blocked without an engine or the image."""
        _engine()
        from testcontainers.community.redis import RedisContainer as Theirs  # noqa: PLC0415

        self._password = secrets.token_hex(16)
        container = Theirs(image, password=self._password)
        super().__init__(container, container.port)

    def _meet(self) -> None:
        from checker.backing.leased import version_of  # noqa: PLC0415  (brings the client)

        self.url = f"redis://:{self._password}@{self.host}:{self.port}/0"
        self.version = version_of(self.url)


def _engine() -> None:
    """See that an engine answers, and remove what crashed runs left on it."""
    import docker  # noqa: PLC0415
    from testcontainers.core.docker_client import get_docker_host  # noqa: PLC0415

    where = get_docker_host() or "unix:///var/run/docker.sock"
    try:
        _knock(where)
        client = docker.from_env(timeout=30, environment={**os.environ, "DOCKER_HOST": where})
        client.ping()
    except (docker.errors.DockerException, OSError) as fault:
        raise Blocked(
            N_("No Docker engine answers at {where}: {fault}"),
            N_("Start it (sudo systemctl start docker, or Docker Desktop), or use --backing embedded."),
            where=where,
            fault=_first_line(fault),
        ) from fault
    try:
        _configure(client)
        _remove_left_behind(client)
    finally:
        client.close()


def _knock(where: str) -> None:
    """Raise OSError when nobody is behind a socket; docker would wrap that three times, and leave the socket open."""
    if where.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect(where.removeprefix("unix://"))


def _configure(client: Any) -> None:
    """Tell testcontainers what we know better; what the environment says goes before."""
    from testcontainers.core.config import ConnectionMode, testcontainers_config  # noqa: PLC0415

    testcontainers_config.ryuk_disabled = os.environ.get("TESTCONTAINERS_RYUK_DISABLED", "true").lower() != "false"
    if not {"TC_HOST", "TESTCONTAINERS_HOST_OVERRIDE"} & os.environ.keys() and _is_beside_us(client):
        testcontainers_config.tc_host_override = LOOPBACK
        testcontainers_config.connection_mode_override = ConnectionMode.docker_host


def _is_beside_us(client: Any) -> bool:
    """Tell whether the engine's loopback is ours: its socket is local, and its bridge, seen from a container, as well."""
    if not client.api.base_url.startswith(("http+docker", "npipe")):
        return False
    if not Path("/.dockerenv").exists():
        return True
    settings = client.networks.get("bridge").attrs["IPAM"]["Config"][0]
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind((settings["Gateway"], 0))
        return True
    return False


def _started(container: DockerContainer) -> None:
    import docker  # noqa: PLC0415

    try:
        container.start()
    except docker.errors.DockerException as fault:
        raise Blocked(
            N_("A container of {image} cannot be started: {fault}"),
            N_("Try `docker pull {image}`, or use --backing embedded."),
            image=container.image,
            fault=_first_line(fault),
        ) from fault


def _bind_to_loopback(container: DockerContainer, port: int) -> None:
    """Publish on loopback alone, unless the engine is on another machine."""
    if container.get_docker_client().host() in {"localhost", LOOPBACK, "::1"}:
        ports: dict[str, Any] = {f"{port}/tcp": (LOOPBACK, None)}
        container.ports = ports


def _owner() -> str:
    """Name this process so that no later one is taken for it: machine, pid, and when it started."""
    return f"{socket.gethostname()} {os.getpid()} {_started_at(os.getpid())}"


def _started_at(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "0"


def _remove_left_behind(client: Any) -> None:
    import docker  # noqa: PLC0415

    for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
        host, pid, started = container.labels[LABEL].rsplit(" ", 2)
        if host == socket.gethostname() and not _lives(int(pid), started):
            try:
                container.remove(force=True, v=True)
            except docker.errors.APIError:  # another run is removing it
                continue


def _lives(pid: int, started: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _started_at(pid) == started


def _first_line(fault: Exception) -> str:
    return str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
