"""What outlives a run: PostgreSQL, Valkey, the launcher with what it has loaded, the loop the proxies live in."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from checker.backing import Postgres, Redis, open_postgres, open_redis, redacted, specs
from checker.course import Course, write_tree
from checker.errors import N_, EngineFault, UsageError
from checker.evidence import Loop
from checker.ledger import Ledger
from checker.runtime.application import Application
from checker.runtime.environment import Cold, Forked, environment_of, interpreter, start_mode
from checker.runtime.launcher import Launcher, Twin
from checker.runtime.procfile import Procfile
from checker.runtime.system import Plan, System
from checker.runtime.worker import Line

if TYPE_CHECKING:
    from checker.runtime.cells import Sandbox
    from checker.runtime.prepared import Template
    from checker.runtime.provisioned import Databases

__all__ = ["Ground"]


class Ground:
    """A context manager; ``ready_for`` a tree, it starts what that needs, and keeps it for the next run.

    ``backing``: embedded, path, docker or a PostgreSQL URL. ``cold`` executes every process from nothing;
    ``statements`` lets the coupling map see what PostgreSQL is asked. ``warm``: there will be many runs, so what the
    next one is sure to need is got ready after each. ``taps`` off: nothing lies between processes and databases, where
    what they cost is measured. ``sandbox``: everything that is started lives in cells of it, by the course's own Python.
    ``twin`` owns the first tree's processes there, where these are forked: it has loaded what that tree's Procfile asks for.
    """

    def __init__(
        self,
        course: Course,
        *,
        backing: str = "embedded",
        cold: bool = False,
        statements: bool = False,
        warm: bool = False,
        taps: bool = True,
        sandbox: Sandbox | None = None,
        twin: Twin | None = None,
    ) -> None:
        self.course = course
        self.ledger = Ledger()
        self.warm = warm
        self.taps = taps
        self._cold = cold
        self._tidying: Future[None] | None = None
        self._tidier = ThreadPoolExecutor(max_workers=1)
        self._spare: System | None = None
        self._serves_runs, self._statements = False, statements
        self._spare_server: Future[Postgres] | None = None
        self.templates: dict[tuple[Path, str], Template] = {}
        self.provisioned: Databases | None = None
        self._postgres_spec, self._redis_spec = specs(backing)
        if "://" not in backing:
            _forget_their_server()
        self._backing = backing
        self._sandbox, self._twin = sandbox, twin
        self._keeper = Launcher(ledger=self.ledger, cells=sandbox.servers if sandbox else None)
        self._pool = ThreadPoolExecutor(max_workers=2)
        self._postgres: Future[Postgres] = self._pool.submit(
            open_postgres, self._postgres_spec, self._keeper, statements=statements
        )
        self._redis: Future[Redis] = self._pool.submit(self.broker)
        self._launcher: Launcher | None = None
        self._mode: Cold | Forked | None = None
        self._preload: tuple[str, ...] = ()
        self.python = Path(sys.executable)
        self.loop = Loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def postgres(self) -> Postgres:
        """The PostgreSQL server. Raises what starting it raised."""
        return self._postgres.result()

    @property
    def redis(self) -> Redis:
        """The Redis. Raises what starting it raised."""
        return self._redis.result()

    @property
    def trusts(self) -> bool:
        """Whether what lies in a tree may run where we do, as git's hooks and filters would."""
        return self._sandbox is None

    @property
    def keeper(self) -> Launcher:
        """The owner of the servers' processes, and of what administers them."""
        return self._keeper

    @property
    def launcher(self) -> Launcher:
        """The owner of the learner's processes. Raises EngineFault before :meth:`ready_for`."""
        if self._launcher is None:
            raise EngineFault(N_("Nothing was made ready yet."))
        return self._launcher

    @property
    def forks(self) -> bool:
        """Whether processes are forked from what is loaded, rather than executed."""
        return not isinstance(self._mode, Cold)

    def ready_for(self, tree: Path) -> None:
        """Have a launcher for this tree's interpreter, preloaded where that makes no difference to what runs.

        Raises LearnerFault when its environment does not run, or it has no usable Procfile.
        """
        self.tidied()
        python = Path(sys.executable) if self._sandbox else interpreter(tree)  # theirs would run outside
        mode = Cold(N_("asked for")) if self._cold else start_mode(tree, Procfile.read(tree / "Procfile"))
        preload = mode.preload if isinstance(mode, Forked) else ()
        if self._launcher is None or (python, preload) != (self.python, self._preload):
            if self._launcher is not None:
                self._launcher.close()
            self._forget_prepared()
            self._launcher = self._new_launcher(python, preload)
        self.python, self._mode, self._preload = python, mode, preload

    def _new_launcher(self, python: Path, preload: Sequence[str]) -> Launcher:
        cells = self._sandbox.services if self._sandbox else None
        seen = cells.environment(environment_of(python)) if cells else None
        twin, self._twin = (self._twin, None) if preload else (None, self._twin)
        return Launcher(python, preload=preload, ledger=self.ledger, environment=seen, cells=cells, twin=twin)

    def let_go(self) -> None:
        """End every process of the learner's now, those that still start as well; the next run has a new launcher."""
        launcher, self._launcher = self._launcher, None
        if launcher is not None:
            launcher.close()

    @cached_property
    def monolith(self) -> Application:
        """The Bazaar as it was before the first lab, from the course's own files."""
        folder = Path(self._folder.name) / "monolith"
        write_tree(self.course.ground(self.course.labs[0]), folder)
        return Application(folder, self, self.course.contract("00"), keep=True, alias="monolith")

    def take_monolith(self) -> System:
        """Return a running monolith on a fresh database; whoever takes it closes it."""
        spare, self._spare = self._spare, None
        return spare or self._start_monolith()

    def server(self) -> Postgres:
        """Return a PostgreSQL server of one run alone; whoever takes it closes it. Raises as :meth:`hold_own` does."""
        self.hold_own()
        spare, self._spare_server = self._spare_server, None
        return spare.result() if spare else self._open_server()

    def broker(self) -> Redis:
        """Return an empty Redis of one system alone; whoever takes it closes it."""
        return open_redis(self._redis_spec, self._keeper, guarded=self._sandbox is not None)

    def hold_own(self) -> None:
        """Raise UsageError when PostgreSQL is lent to us: nobody's SQL is run as its administrator."""
        if "://" in self._postgres_spec:
            raise UsageError(
                N_("This lab makes databases and roles on a server of its own, which {backing} is not."),
                N_("Leave --backing out, or use --backing path or docker."),
                backing=redacted(self._postgres_spec),
            )

    def _open_server(self) -> Postgres:
        self._serves_runs = True
        return open_postgres(self._postgres_spec, self._keeper, statements=self._statements)

    def _start_monolith(self) -> System:
        application = self.monolith
        environment = {"DATABASE_URL": application.databases.database("shop").url, "REDIS_URL": self.redis.url}
        plan = Plan(application.contract, ["shop"], lines={"shop": Line(environment)})
        return System(plan, application, loop=self.loop, ledger=self.ledger)

    @property
    def scratch(self) -> Path:
        """A folder for what is read again while this lasts."""
        return Path(self._folder.name)

    def later(self, tidy: Callable[[], None]) -> None:
        """Clear up after a run while its verdict is read already; the next run waits for that."""

        def clear_up() -> None:
            tidy()
            if self.warm and "monolith" in self.__dict__:
                self._spare = self._start_monolith()
            if self.warm and self._serves_runs and self._spare_server is None:
                self._spare_server = self._pool.submit(self._open_server)

        self._tidying = self._tidier.submit(clear_up)

    def tidied(self) -> None:
        """Wait until the run before is cleared up. Raises what that raised."""
        tidying, self._tidying = self._tidying, None
        if tidying is not None:
            tidying.result()

    def describe(self) -> Mapping[str, str]:
        """Say what the run stood on, for its results."""
        return {
            "backing": self._backing,
            "postgresql": self.postgres.version,
            "start": f"cold: {self._mode}" if isinstance(self._mode, Cold) else "forked",
            **({"sandbox": self._sandbox.kind} if self._sandbox else {}),
        }

    def close(self) -> None:
        """End everything, whatever signals come meanwhile. Closing twice is fine."""
        with _undisturbed():
            self._close()

    def _close(self) -> None:
        self.warm = False
        self._tidier.shutdown()
        if self._spare is not None:
            self._spare.close()
            self._spare = None
        self._forget_prepared()
        self.loop.close()
        self.let_go()
        self._pool.shutdown()
        for server in (self._postgres, self._redis, self._spare_server):
            if server is not None and server.exception() is None:
                server.result().close()
        self._keeper.close()
        self._folder.cleanup()

    def _forget_prepared(self) -> None:
        """Make everything anew in the next run: it was made by another Python, or there is no next one."""
        self.templates.clear()
        if self.provisioned is not None:
            self.provisioned.close()
            self.provisioned = None

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="seamwork-", ignore_cleanup_errors=True)


def _forget_their_server() -> None:
    """Drop PGSERVICE, PGSSLMODE and the like: they speak of another PostgreSQL than the one we start."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let nobody who is out of patience stop us half way: what would be left is more than they can see."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
