"""PostgreSQL and Redis in containers, on a real engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from checker.backing import open_postgres, open_redis
from checker.backing.containers import LABEL, PostgresContainer
from checker.errors import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.backing import Postgres

pytestmark = pytest.mark.needs("docker")

ROOT = Path(__file__).parent.parent
CRASH = "import os; from checker.backing import open_redis; open_redis('docker'); os._exit(9)"


def containers() -> list[str]:
    """Return what each container of this process publishes."""
    command = [
        "docker",
        "ps",
        "--all",
        "--filter",
        f"label={LABEL}",
        "--format",
        f'{{{{.Label "{LABEL}"}}}}|{{{{.Ports}}}}',
    ]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ports for owner, _, ports in (row.partition("|") for row in rows) if f" {os.getpid()} " in owner]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with open_postgres("docker") as postgres:
        yield postgres
    assert containers() == []


def test_container_gives_databases_and_clones(server: Postgres) -> None:
    """A PostgreSQL in a container gives databases, clones and roles as the embedded one does."""
    orders = server.database("orders")
    clone = server.database("clone", owner="orders", template=server.template_from(orders))

    with psycopg.connect(clone.url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("orders",)
    assert server.version.startswith("17.")


def test_container_listens_on_loopback_alone(server: Postgres) -> None:  # noqa: ARG001  (it must be up)
    """What a container publishes is not seen from other machines."""
    assert [ports.split(":")[0] for ports in containers()] == ["127.0.0.1"]


def test_redis_in_a_container_answers() -> None:
    """A Redis in a container keeps what is sent, behind a password, and is removed at the end."""
    before = containers()

    with open_redis("docker") as server, redis.Redis.from_url(server.url, decode_responses=True) as client:
        client.set("key", "value")
        assert client.get("key") == "value"
    assert containers() == before


def test_crashed_run_s_container_is_removed() -> None:
    """A container whose checker is gone is removed at the next start."""
    subprocess.run([sys.executable, "-c", CRASH], cwd=ROOT, check=False)

    open_redis("docker").close()

    command = ["docker", "ps", "-aq", "--filter", f"label={LABEL}", "--filter", "ancestor=redis:8"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def test_missing_image_is_named() -> None:
    """An image that is not there and cannot be fetched is named, with the command that would fetch it."""
    with pytest.raises(Blocked, match=r"localhost:1/none:1 cannot be started: .* Try `docker pull localhost:1/none:1`"):
        PostgresContainer("localhost:1/none:1")


def test_absent_engine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an engine, the address that was tried and two ways out are told."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

    with pytest.raises(Blocked, match=r"No Docker engine answers at unix:///nowhere/docker.sock: .*--backing embedded"):
        open_postgres("docker")
