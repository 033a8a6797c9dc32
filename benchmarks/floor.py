"""The bare floor: the services and the requests of one run, with nothing between and nobody who judges.

No proxies, no pytest, no ledger: processes, a cloned database behind each scene, and a loop that sends one request
after the other. What is left to a checker is what it takes on top of this.
"""

from __future__ import annotations

import http.client
import itertools
import shlex
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from neighbour import Neighbour

from checker.backing import Database, Postgres, Started
from checker.runtime.environment import environment_of

__all__ = ["Floor", "Start"]

Start = Callable[[str, Sequence[str], Mapping[str, str], Path], Started]
"""Starts a program: name, argv, environment, folder."""

EVERY = 0.004
"""Seconds between two looks at whether a service is ready: as often as ours looks."""
ERROR = 500
AGREE = 0.95
"""How many of the answers must have the status that was recorded: else it is other work."""

_numbers = itertools.count(1)


class _Scene:
    """The services of one scene, each on its port, and whoever stands in for the others."""

    def __init__(self) -> None:
        self.processes: list[Started] = []
        self.connections: dict[str, http.client.HTTPConnection] = {}
        self.neighbours: list[Neighbour] = []

    def ask(self, role: str, asked: str, body: str) -> int:
        method, _, target = asked.partition(" ")
        headers = {"Content-Type": "application/json"} if body else {}
        connection = self.connections[role]
        for _ in range(2):  # a connection that was kept too long is opened anew
            try:
                connection.request(method, target, body.encode() or None, headers)
                answer = connection.getresponse()
                answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                connection.close()
            else:
                return answer.status
        return 0

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
        for process in self.processes:
            process.stop()
        for neighbour in self.neighbours:
            neighbour.close()


class Floor:
    """Plays a recording. ``folders`` says where "workspace" and "monolith" are; ``start`` how a process is started."""

    def __init__(
        self,
        recorded: Mapping[str, Any],
        folders: Mapping[str, Path],
        *,
        start: Start,
        postgres: Callable[[], Postgres],
        redis: Callable[[], str],
    ) -> None:
        self._recorded, self._folders, self._start = recorded, folders, start
        self._postgres, self._redis = postgres, redis
        self._pool = ThreadPoolExecutor(max_workers=2)  # as many as the stage of a run has
        self._lock = threading.Lock()
        self._scenes: dict[str, Future[_Scene]] = {}
        self._templates: dict[tuple[str, str], str] = {}
        self._databases: list[Database] = []

    def open(self, name: str) -> Future[_Scene]:
        """Begin to build a scene, once."""
        if name not in self._scenes:
            self._scenes[name] = self._pool.submit(self._build, name)
        return self._scenes[name]

    def play(self) -> None:
        """Send every request of the recording. Raises SystemExit when the answers are others than then."""
        for name, scene in self._recorded["scenes"].items():
            if not scene["fresh"]:
                self.open(name)
        asks = self._recorded["asks"]
        same = sum(
            self.open(ask["scene"]).result().ask(ask["role"], ask["ask"], ask["body"]) == ask["status"] for ask in asks
        )
        if same < AGREE * len(asks):
            raise SystemExit(f"the floor does other work: {same} of {len(asks)} answers are those of the run")

    def close(self) -> None:
        """Stop every process and drop every database."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda job: job.result().close(), self._scenes.values()))
        for database in self._databases:
            database.drop()
        for template in self._templates.values():
            self._postgres().drop(template)
        self._pool.shutdown()

    # A scene

    def _build(self, name: str) -> _Scene:
        scene, plan = _Scene(), self._recorded["scenes"][name]
        ports = {role: _free_port() for role in plan["services"]}
        for role in plan["standins"]:
            scene.neighbours.append(Neighbour(self._recorded["answers"].get(name, {})))
            ports[role] = scene.neighbours[-1].port
        databases = {key: self._database(*key) for key in {_database_of(plan, role) for role in plan["services"]}}
        for role, service in plan["services"].items():
            env = {f"{callee.upper()}_URL": f"http://127.0.0.1:{ports[callee]}" for callee in service["calls"]}
            env |= {"DATABASE_URL": databases[_database_of(plan, role)].url, "REDIS_URL": self._redis()}
            env |= {"PORT": str(ports[role]), "INSTANCE": "1"}
            scene.processes.append(self._run(plan["folder"], role, env))
        for role in plan["services"]:
            _await_ready(ports[role])
        scene.connections = {role: http.client.HTTPConnection("127.0.0.1", port) for role, port in ports.items()}
        return scene

    def _database(self, folder: str, database: str, releases: tuple[str, ...]) -> Database:
        with self._lock:
            if (folder, database) not in self._templates:
                first = self._new(database, None)
                for release in releases:
                    _await_end(self._run(folder, release, {"DATABASE_URL": first.url}))
                self._templates[folder, database] = self._postgres().template_from(first)
            return self._new(database, self._templates[folder, database])

    def _new(self, database: str, template: str | None) -> Database:
        name, owner = f"floor_{database}_{next(_numbers)}", f"floor_{database}"
        self._databases.append(self._postgres().database(name, owner=owner, template=template))
        return self._databases[-1]

    def _run(self, folder: str, process: str, variables: Mapping[str, str]) -> Started:
        lines = (self._folders[folder] / "Procfile").read_text("utf-8").splitlines()
        line = next(line.partition(":")[2] for line in lines if line.startswith(f"{process}:"))
        argv = shlex.split(line.replace("$PORT", variables.get("PORT", "")))
        env = {**environment_of(Path(sys.executable)), **variables}
        return self._start(process, argv, env, self._folders[folder])


def _database_of(plan: Mapping[str, Any], role: str) -> tuple[str, str, tuple[str, ...]]:
    service = plan["services"][role]
    return plan["folder"], service["database"], tuple(service["releases"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(port: int) -> None:
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status < ERROR:
                return
        except OSError:
            time.sleep(EVERY)
        finally:
            connection.close()


def _await_end(process: Started) -> None:
    while process.returncode is None:
        time.sleep(EVERY / 2)
    if process.returncode:
        raise SystemExit(f"a release ended with {process.returncode}")
