"""How plain pytest is commonly set up: the service as a process, its database given or in a container.

FIVE_CONTAINER: "" takes the database at DATABASE_URL, that is there already; "run" starts a fresh PostgreSQL container
for the run; "test" one for each test, with the service started anew: nothing that one test leaves behind meets the next.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

CONTAINER = os.environ.get("FIVE_CONTAINER", "")
UVICORN = Path(sys.executable).parent / "uvicorn"


@pytest.fixture(scope="function" if CONTAINER == "test" else "session")
def notes() -> Iterator[httpx.Client]:
    """Yield a client of the running service."""
    with _database() as url, _service(url) as address, httpx.Client(base_url=address) as client:
        yield client


@contextmanager
def _database() -> Iterator[str]:
    if not CONTAINER:
        yield os.environ["DATABASE_URL"]
        return
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415  (takes its time)

    with PostgresContainer("postgres:17", driver=None) as container:
        yield container.get_connection_url()


@contextmanager
def _service(database: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [UVICORN, "notes.app:app", "--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    env = {**os.environ, "DATABASE_URL": database}
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            _await_port(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    pytest.fail(f"nobody listens on {port}")
