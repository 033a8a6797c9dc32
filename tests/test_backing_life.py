"""From start to end, and to every end there is: crashes, taken ports, full disks, other users. Nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from checker.backing import Postgres, SubprocessStarter, binaries, open_postgres, open_redis
from checker.backing.cluster import Cluster
from checker.backing.places import PrivateDir, reachable, server_uid
from checker.backing.ports import free_port
from checker.errors import Blocked, EngineFault
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.backing import Started

ROOT = Path(__file__).parent.parent

PUBLIC_PYTHON = sys.executable if reachable(Path(sys.executable).resolve().parent, server_uid()) else "/usr/bin/python3"
"""A Python that other users may run: ours may lie in root's home."""

OPEN_AND_WAIT = """
import sys
import tempfile
from checker.backing import Postgres, open_postgres, open_redis
with open_postgres() as postgres, open_redis() as redis:
    print(postgres.database("orders").url, postgres._server.pid, redis._server.pid, flush=True)
    sys.stdin.read()
"""


def started(*prefix: str, **env: str) -> subprocess.Popen[str]:
    """Start a second checker that opens both servers and waits for the end of its input."""
    argv = [*prefix, PUBLIC_PYTHON, "-c", OPEN_AND_WAIT]
    path = os.pathsep.join([str(ROOT), *(part for part in sys.path if part.endswith("-packages"))])
    return subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def another() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start more checkers; at the end of the test their input ends, and so do they."""
    with contextlib.ExitStack() as stack:
        yield lambda *prefix, **env: stack.enter_context(started(*prefix, **env))


def told(process: subprocess.Popen[str]) -> tuple[str, int, int]:
    assert process.stdout is not None
    url, *pids = process.stdout.readline().split()
    return url, int(pids[0]), int(pids[1])


def gone(*pids: int) -> bool:
    """Tell whether none of these processes runs; one that only waits to be reaped does not."""
    return not any(runs(pid) for pid in pids)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def folders(owner: int) -> list[Path]:
    """Return the private folders that are there and were made by process ``owner``; others may be at work here."""
    roots = (Path("/dev/shm"), Path(tempfile.gettempdir()))  # noqa: S108  (looked at, not written to)
    locks = [lock for root in roots for lock in root.glob("seamwork-*/owner.lock")]
    return [lock.parent for lock in locks if owned(lock, owner)]


def owned(lock: Path, owner: int) -> bool:
    try:
        return int(lock.read_text() or 0) == owner
    except OSError:  # it went while we looked
        return False


def segments(maker: int) -> list[str]:
    """Return the shared memory segments that process ``maker`` made and that are still there."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return [row[1] for row in rows if int(row[4]) == maker]


def embedded(**options: Any) -> Cluster:
    return Cluster(binaries.postgres_embedded(server_uid()), SubprocessStarter(), **options)


@pytest.fixture
def before() -> list[Path]:
    """Return the folders this process has already, for servers that other tests keep."""
    return folders(os.getpid())


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_closed_server_leaves_nothing(before: list[Path]) -> None:
    """After close there is no process, no folder and no shared memory, and a second close does no harm."""
    postgres = embedded()
    pid = postgres.pid
    postgres.close()
    postgres.close()

    assert gone(pid)
    assert (folders(os.getpid()), segments(pid)) == (before, [])


def test_folder_is_private(before: list[Path]) -> None:
    """The server's folder is open to its own user alone."""
    with open_postgres():
        (folder,) = set(folders(os.getpid())) - set(before)

        assert folder.stat().st_mode & 0o777 == 0o700


def test_servers_die_with_a_killed_checker(another: Callable[..., subprocess.Popen[str]]) -> None:
    """Kill -9 of the checker takes its servers along; the next start removes what they left."""
    checker = another()
    _, *pids = told(checker)
    checker.kill()
    checker.communicate()

    assert until(lambda: gone(*pids), within=5)
    open_postgres().close()
    open_redis().close()
    assert (folders(checker.pid), segments(pids[0])) == ([], [])


def test_two_checkers_do_not_meet(another: Callable[..., subprocess.Popen[str]]) -> None:
    """Two checkers side by side have servers of their own, and the second leaves the first's alone."""
    first, second = another(), another()
    urls = {told(first)[0], told(second)[0]}
    second.communicate("")

    with psycopg.connect(next(url for url in urls if answers(url))) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    first.communicate("")
    assert len(urls) == 2


def answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.needs("root", "setpriv")
def test_plain_user_runs_their_own(another: Callable[..., subprocess.Popen[str]]) -> None:
    """A plain user without a home to cache in gets a server as well, run as themselves."""
    checker = another("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", HOME="/nonexistent")
    url, pid, _ = told(checker)

    assert answers(url)
    assert Path(f"/proc/{pid}").stat().st_uid == server_uid()
    checker.communicate("")


@pytest.mark.needs("root")
def test_root_runs_servers_as_another() -> None:
    """As root, servers run as nobody."""
    postgres = embedded()

    assert Path(f"/proc/{postgres.pid}").stat().st_uid == server_uid()
    postgres.close()


def test_taken_port_is_given_up(taken: int) -> None:
    """A port that was free when asked for and taken when listened on is exchanged for another."""
    ports = iter([taken, free_port()])
    postgres = embedded(ports=lambda: next(ports))

    assert postgres.port != taken
    postgres.close()


def test_ports_that_are_always_taken_are_named(taken: int, before: list[Path]) -> None:
    """After five taken ports the fault names them, and nothing is left."""
    with pytest.raises(EngineFault, match=f"Each of the ports {taken}, .* was taken"):
        embedded(ports=lambda: taken)

    assert folders(os.getpid()) == before


@pytest.mark.needs("postgres")
def test_installed_postgres_serves_as_well() -> None:
    """The PostgreSQL installed on the machine gives databases and clones like the embedded one."""
    with open_postgres("path") as postgres:
        clone = postgres.database("clone", owner="orders", template=postgres.template_from(postgres.database("orders")))

        assert answers(clone.url)


@pytest.fixture
def dying(tmp_path: Path) -> binaries.Program:
    """Return a PostgreSQL that makes its data directory and then ends."""
    for name, script in {"initdb": 'mkdir "$2"', "postgres": "echo FATAL: no such luck >&2; exit 3"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    return binaries.Program(tmp_path / "postgres", "18.0")


def test_server_that_ends_is_quoted(
    before: list[Path], dying: binaries.Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that ends before it is ready: its version, its exit code and its last words are told."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(EngineFault, match=r"PostgreSQL 18\.0 ended with 3 before it was ready: FATAL: no such luck"):
        Cluster(dying, SubprocessStarter())
    assert folders(os.getpid()) == before


def test_initdb_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An initdb that fails is told with what it said."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(EngineFault, match=r"initdb of PostgreSQL 18\.0 ended with 12[67]: .*initdb"):
        Cluster(binaries.Program(tmp_path / "postgres", "18.0"), SubprocessStarter())


@pytest.mark.needs("root")
def test_full_disk_is_told(tmp_path: Path) -> None:
    """A disk that fills up while the data directory is laid is told as such."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path], check=True)
    home = PrivateDir("pg", uid=server_uid(), need=0, roots=[tmp_path])
    try:
        with pytest.raises(Blocked, match=r"The disk is full: .*No space left on device"):
            embedded(home=home)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.needs("root")
def test_disk_that_fills_up_later_is_told(tmp_path: Path) -> None:
    """A disk that has no room for one more database is told as such."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", tmp_path], check=True)
    try:
        postgres = embedded(home=PrivateDir("pg", uid=server_uid(), need=0, roots=[tmp_path]))
        with Postgres(postgres, postgres.connection) as server, pytest.raises(Blocked, match="disk is full"):
            _ = [server.database(f"d{number}") for number in range(4)]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_no_room_is_told_beforehand(tmp_path: Path) -> None:
    """Where there is no room anywhere, the places and what is free there are named."""
    with pytest.raises(Blocked, match=f"needs 4194304 MiB of room and found it nowhere: {tmp_path} [0-9]+ MiB"):
        PrivateDir("pg", uid=None, need=1 << 42, roots=[tmp_path])


class Interrupted:
    """A process; Ctrl-C is pressed while one looks at it."""

    def __init__(self, process: Started) -> None:
        self.process, self.pid, self.stop = process, process.pid, process.stop
        self.looks = iter([KeyboardInterrupt])

    @property
    def returncode(self) -> int | None:
        for interrupt in self.looks:
            raise interrupt
        return self.process.returncode


class Interrupting(SubprocessStarter):
    """Starts processes during whose start Ctrl-C is pressed."""

    def start(self, *args: Any, **kwargs: Any) -> Started:
        self.last = Interrupted(super().start(*args, **kwargs))
        return self.last


@pytest.mark.parametrize("cached", [True, False])
def test_interrupted_start_leaves_nothing(
    before: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    """Ctrl-C while a server or its initdb starts leaves no process and no folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME", "") if cached else str(tmp_path))
    starter = Interrupting()

    with pytest.raises(KeyboardInterrupt):
        Cluster(binaries.postgres_embedded(server_uid()), starter)
    assert folders(os.getpid()) == before
    assert gone(starter.last.pid)
