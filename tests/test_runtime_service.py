"""A service gets ready, or one sentence says why not: the thing, the value found, the next move."""

from __future__ import annotations

import errno
import signal
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from checker.errors import ServiceFailed
from checker.ledger import Ledger
from checker.runtime.environment import base_environment
from checker.runtime.launcher import Launcher
from checker.runtime.procfile import Entry
from checker.runtime.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = """
import http.server, os, sys

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(os.environ.get("STATUS", "200")))
        self.end_headers()

print("serving")
http.server.ThreadingHTTPServer.allow_reuse_address = "NO_REUSE" not in os.environ
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("HTTP_PORT", os.environ["PORT"]))), Health).serve_forever()
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
"""
UVICORN = "uvicorn app:app --port $PORT --lifespan off"


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher(preload=["http.server", "uvicorn", "uvicorn.protocols.http.h11_impl"], ledger=Ledger()) as launcher:
        yield launcher


def started(launcher: Launcher, cwd: Path, command: str, **env: str) -> Service:
    return Service.start(launcher, "shop", Entry("shop", command), env=base_environment(cwd) | env, cwd=cwd)


def failure(launcher: Launcher, cwd: Path, command: str, *, within: float = 10.0, **env: str) -> str:
    with pytest.raises(ServiceFailed) as caught:
        attempt(launcher, cwd, command, within, env)
    assert caught.value.service == "shop"
    assert caught.value.move
    return str(caught.value)


def kept(port: int) -> bool:
    with socket.socket() as squatter, pytest.raises(OSError, match="in use"):
        squatter.bind(("127.0.0.1", port))
    return True


def attempt(launcher: Launcher, cwd: Path, command: str, within: float, env: dict[str, str]) -> None:
    service = started(launcher, cwd, command, **env)
    try:
        service.await_ready(within)
    finally:
        service.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "app.py").write_text(ASGI)
    return tmp_path


@pytest.mark.parametrize("fork", [True, False])
def test_a_service_gets_ready_on_the_port_it_was_given(launcher: Launcher, folder: Path, fork: bool) -> None:
    """Forked or cold, it answers on PORT, and SIGTERM ends it."""
    service = Service.start(
        launcher, "shop", Entry("shop", UVICORN), env=base_environment(folder), cwd=folder, fork=fork
    )

    service.await_ready()

    assert httpx.get(f"http://127.0.0.1:{service.port}/").text == "ok"
    service.stop()
    assert service.process.returncode == -signal.SIGTERM


def test_a_connection_kept_alive_does_not_hold_up_its_end(launcher: Launcher, folder: Path) -> None:
    """A client that keeps its connection open does not turn SIGTERM into SIGKILL."""
    service = started(launcher, folder, UVICORN)
    service.await_ready()
    with httpx.Client() as client:
        client.get(f"http://127.0.0.1:{service.port}/")

        service.stop()

    assert service.process.returncode == -signal.SIGTERM


def test_a_killed_service_comes_back_on_its_port(launcher: Launcher, folder: Path) -> None:
    """Between kill and restart its port refuses."""
    service = started(launcher, folder, "python server.py")
    service.await_ready()
    port = service.port
    service.kill()

    with socket.socket() as visitor:
        assert visitor.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED

    service.restart()
    service.await_ready()
    assert service.port == port
    service.kill()


def test_services_side_by_side_have_ports_of_their_own(launcher: Launcher, folder: Path) -> None:
    """No two are the same, and nobody else gets one, before anybody listens."""
    services = [started(launcher, folder, "sleep 60") for _ in range(5)]

    ports = {service.port for service in services if kept(service.port)}

    for service in services:
        service.kill()
    assert len(ports) == 5


def test_a_server_that_does_not_share_its_port_gets_it_whole(launcher: Launcher, folder: Path) -> None:
    """Who finds the reserved port in use because it is reserved is started again, without our hand on it."""
    service = started(launcher, folder, "python server.py", NO_REUSE="1")

    service.await_ready()

    assert httpx.get(f"http://127.0.0.1:{service.port}/health").status_code == 200
    service.kill()


def test_a_syntax_error_is_named_by_file_and_line(launcher: Launcher, folder: Path) -> None:
    """The file, the line and Python's own words."""
    (folder / "app.py").write_text("x = 1\nasync def app(scope:\n    pass\n")

    said = failure(launcher, folder, UVICORN)

    assert said.startswith(
        f"shop did not start: {folder}/app.py, line 2, is not Python. SyntaxError: '(' was never closed"
    )


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("uvicorn app:app", "nowhere"),
        ("uvicorn missing:app", "missing"),
        ("python -m missing", "missing"),
        ("python app.py", "nowhere"),
    ],
)
def test_a_missing_module_is_named(launcher: Launcher, folder: Path, command: str, module: str) -> None:
    """Whoever misses it: the program, Python or uvicorn."""
    (folder / "app.py").write_text("import nowhere\n")

    assert failure(launcher, folder, command).startswith(f"shop did not start: there is no module '{module}'.")


def test_a_missing_application_is_named(launcher: Launcher, folder: Path) -> None:
    """The module is there, the variable is not."""
    assert failure(launcher, folder, "uvicorn app:shop").startswith(
        "shop did not start: there is no 'shop' in the module app."
    )


def test_another_port_is_named(launcher: Launcher, folder: Path) -> None:
    """A service that listens elsewhere is told where, long before the time is up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        other = free.getsockname()[1]

    said = failure(launcher, folder, "python server.py", within=1000, HTTP_PORT=str(other))

    assert said.startswith(f"shop listens on 127.0.0.1:{other}, not on 127.0.0.1:")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("uvicorn app:app --port $HTTP_PORT", "it wants port {port}, which is in use"),
        ("python server.py", "the port it wants is in use"),
    ],
)
def test_a_port_that_is_taken_is_named(launcher: Launcher, folder: Path, command: str, says: str) -> None:
    """A port of its own choosing that is in use; the number where the program says it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        said = failure(launcher, folder, command, HTTP_PORT=port)

    assert said.startswith(f"shop did not start: {says.format(port=port)}")


@pytest.mark.parametrize("command", ["uvicron app:app", "uvicron app:app && true", "cd . && ./uvicron"])
def test_a_missing_command_is_named(launcher: Launcher, folder: Path, command: str) -> None:
    """With or without a shell between."""
    assert "uvicron': " in failure(launcher, folder, command)


def test_a_crash_is_told_with_its_last_words(launcher: Launcher, folder: Path) -> None:
    """The exit code and the error, at once."""
    said = failure(launcher, folder, "python -c \"print('hello'); {}['PRICE']\"", within=60)

    assert said.startswith("shop ended with exit code 1 before it was ready. The last it said: KeyError: 'PRICE'")


def test_a_signal_is_told_by_name(launcher: Launcher, folder: Path) -> None:
    """As where the system runs out of memory."""
    said = failure(launcher, folder, "python -c 'import os; print(1); os.kill(os.getpid(), 9)'")

    assert said.startswith("shop was ended by SIGKILL before it was ready. The last it said: 1")


def test_a_service_that_never_listens_is_told_so(launcher: Launcher, folder: Path) -> None:
    """It lives, and its port does not open."""
    said = failure(launcher, folder, "python -c \"import time; print('warming up'); time.sleep(60)\"", within=1)

    assert said.startswith("shop runs, and did not listen on port ")
    assert "within 1 s. The last it said: warming up" in said


@pytest.mark.parametrize("status", ["503", "500"])
def test_an_unready_answer_is_shown(launcher: Launcher, folder: Path, status: str) -> None:
    """500 and above is an answer, and not readiness."""
    said = failure(launcher, folder, "python server.py", within=1.2, STATUS=status)

    assert f"GET /health was answered with {status}" in said


def test_an_answer_that_is_not_http_is_shown(launcher: Launcher, folder: Path) -> None:
    """What came instead of a status line."""
    (folder / "odd.py").write_text(
        "import os, socket\nserver = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\n"
        "while True:\n    with server.accept()[0] as peer:\n        peer.recv(100)\n        peer.sendall(b'SSH-2.0-odd')\n"
    )

    assert "GET /health was answered with b'SSH-2.0-odd'." in failure(launcher, folder, "python odd.py", within=1.2)


def test_any_answer_below_500_is_ready(launcher: Launcher, folder: Path) -> None:
    """A service without /health is a service."""
    service = started(launcher, folder, "python server.py", STATUS="404")

    service.await_ready()

    service.kill()
    assert service.process.returncode == -signal.SIGKILL


def test_a_release_runs_to_its_end(launcher: Launcher, folder: Path) -> None:
    """Its exit code is returned; its lines are in the ledger under its name."""
    entry = Entry("shop-release", "python -c \"print('made tables'); raise SystemExit(3)\"")

    code = Service.run(launcher, "shop-release", entry, env=base_environment(folder), cwd=folder)

    assert code == 3


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("python -c 'import nowhere'", "shop-release did not start: there is no module 'nowhere'."),
        ("python -c 'raise SystemExit(3)'", "shop-release failed with exit code 3. The last it said: …"),
        ("sleep 60", "shop-release did not come to its end within 2 s."),
    ],
)
def test_a_release_that_has_to_succeed_says_why_not(launcher: Launcher, folder: Path, command: str, says: str) -> None:
    """A missing module, an exit code, or no end."""
    entry = Entry("shop-release", command)
    with pytest.raises(ServiceFailed) as caught:
        Service.run(launcher, entry.name, entry, env=base_environment(folder), cwd=folder, within=2, must_succeed=True)

    assert str(caught.value).startswith(says)
