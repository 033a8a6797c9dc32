"""The owner of every process of a run; a script for the learner's interpreter: python -I launcher_main.py FD MODULE...

Standard library only. It hears requests on a socket and answers them: a length (4 bytes, big-endian) and JSON; a start
request brings the write end of its output pipe along, and the socket to whoever holds the doors in its walls. Forks Python programs with the modules loaded already, executes
others. It lives in a session of its own; when the socket closes, for whatever reason, it ends every process and itself.
"""
# ruff: noqa: PTH118, PTH120  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import importlib
import importlib.util
import json
import os
import pwd
import select
import shutil
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from checker.runtime import boxed, celled, docked, forked, locked, processes, traced, walled
else:  # -I keeps our folder off the path, and so it shall be

    def _beside(name):  # noqa: ANN001, ANN202  (mypy reads the other branch)
        known = f"beside {name}"  # no import will find it under that name, and nobody loads it twice
        if known not in sys.modules:
            file = os.path.join(os.path.dirname(__file__), f"{name}.py")
            spec = importlib.util.spec_from_file_location(known, file)
            sys.modules[known] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[known])
        return sys.modules[known]

    forked, processes, traced, walled = map(_beside, ("forked", "processes", "traced", "walled"))

    class _Later:
        """A file beside us that most launchers never need."""

        def __init__(self, name):  # noqa: ANN001, ANN204
            self._file = name

        def __getattr__(self, name):  # noqa: ANN001, ANN204
            return getattr(_beside(self._file), name)

    boxed, celled, docked, locked = map(_Later, ("boxed", "celled", "docked", "locked"))

__all__ = ["main"]

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
ORPHAN_GRACE = 1.0
"""Seconds from SIGTERM to SIGKILL when whoever started us is gone."""
LAST_RESORT = 3.0
"""Seconds after SIGKILL until we no longer wait for a process that does not go."""
MINDED = 4  # forked.TOLD and one more
"""The descriptor through which the first process of a cell says how the program ended."""
TICK = 0.01
"""Seconds between looks at a process group whose leader is gone."""
HEAD = 4
"""Bytes of a message that say how many follow."""
QUIET = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


@dataclass
class Child:
    """A process we started, and its group. ``code`` is None until its leader was reaped."""

    key: int
    pid: int
    stop_signal: int
    code: int | None = None
    kill_at: float | None = None
    killed: bool = False
    family: list[int] = field(default_factory=list)  # descendants when its end was asked for
    house: int = -1  # where the first process of its cell says how it ended
    porter: int = 0  # who carries what it says, where it is no child of ours; 0 when all is said


class BecomeChild(Exception):  # noqa: N818  (control flow: unwinds the launcher's frames in a forked child)
    """Raised in the child of a fork."""

    def __init__(self, plan: forked.Plan, request: dict[str, Any]) -> None:
        super().__init__()
        self.plan, self.request = plan, request


class BecomeTwin(Exception):  # noqa: N818  (the same)
    """Raised in a child that is to be a launcher itself, with all that is loaded."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.fd = fd


class Owner:
    """Starts, watches and ends processes as the socket asks."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._input = b""
        self._fds: list[int] = []
        self._children: dict[int, Child] = {}
        self._waiting: list[dict[str, Any]] = []  # what is to be forked once everything is loaded
        self._scratch: list[str] = []
        self._loaded = False
        self._why_cold = ""
        self._reads = forked.EnvironmentReads()
        self._end_at: float | None = None
        self._wake, wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    @property
    def loaded(self) -> bool:
        """Whether everything is loaded that is to be."""
        return self._loaded

    def forget(self) -> None:
        """Give up the socket, in a child, where its descriptor is closed already and may be somebody else's."""
        self._sock.detach()

    def twin(self, fd: int) -> Owner:
        """Return an owner that has loaded the same, has no children, and obeys another socket."""
        self._sock.close()
        os.close(self._wake)
        os.close(signal.set_wakeup_fd(-1))
        owner = Owner(socket.socket(fileno=fd))
        owner._loaded, owner._why_cold, owner._reads = True, self._why_cold, self._reads
        return owner

    # Loading

    def preload(self, modules: list[str]) -> None:
        """Import each module that is there, serving what can be served in between."""
        gc.disable()
        for name in modules:
            self.step(0)
            if self._end_at is not None:
                return
            with self._reads.on(), contextlib.suppress(Exception):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()
        self._loaded = True
        self._why_cold = self._other_threads() if modules else "nothing is preloaded"
        for request in self._waiting:
            self._begin(request)
        self._waiting.clear()

    def _other_threads(self) -> str:
        deadline = time.monotonic() + 1.0
        while (count := processes.threads()) > 1:
            if time.monotonic() > deadline:
                return f"{count} threads run after loading"
            time.sleep(TICK)
        return ""

    # The loop

    def run(self) -> None:
        """Serve until the end was asked for and everything is gone."""
        while self._end_at is None or not self._all_gone():
            self.step(self._patience())
        processes.kill_descendants(LAST_RESORT)
        for folder in self._scratch:
            shutil.rmtree(folder, ignore_errors=True)
        self._tell(event="closed")

    def step(self, patience: float | None) -> None:
        """Hear what there is to hear within ``patience`` seconds, reap, and see to those that are to end."""
        sources: list[Any] = [self._wake] if self._end_at is not None else [self._wake, self._sock]
        houses = {child.house: child for child in self._children.values() if child.house >= 0}
        ready, _, _ = select.select([*sources, *houses], [], [], patience)
        if self._wake in ready:
            self._hear_signals()
        if self._sock in ready:
            self._hear()
        for house in houses.keys() & set(ready):
            self._hear_from(houses[house])
        self._reap()
        self._settle()

    def _patience(self) -> float | None:
        dying = [child for child in self._children.values() if child.kill_at is not None or child.code is not None]
        if any(child.code is not None or child.killed for child in dying):
            return TICK
        now = time.monotonic()
        times = [child.kill_at for child in dying if child.kill_at is not None] + (
            [self._end_at] if self._end_at else []
        )
        return max(0.0, min(times) - now) if times else None

    def _all_gone(self) -> bool:
        if self._end_at is not None and time.monotonic() >= self._end_at:
            return not self._children  # strays get no more patience; run() kills them
        return not self._children and not processes.descendants(os.getpid())

    # Requests

    def _hear_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            heard = os.read(self._wake, 4096)
            if signal.SIGTERM in heard:
                self._end(ORPHAN_GRACE)

    def _hear(self) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(self._sock, 1 << 16, 16)
        except OSError:
            data, fds = b"", []
        self._fds += fds
        self._input += data
        if not data:
            self._end(ORPHAN_GRACE)
        while len(self._input) >= HEAD and len(self._input) >= (
            size := HEAD + struct.unpack("!I", self._input[:HEAD])[0]
        ):
            request, self._input = json.loads(self._input[HEAD:size]), self._input[size:]
            self._obey(request)

    def _obey(self, request: dict[str, Any]) -> None:
        what = request["do"]
        if what == "start":
            request["output"] = self._fds.pop(0)
            request["outside"] = self._fds.pop(0) if request["doors"] else -1
            request["sealed"] = self._fds.pop(0) if request["cell"] else -1
            later = request["fork"] and not self._loaded
            self._waiting.append(request) if later else self._begin(request)
            return
        if what == "twin":
            request |= {"output": self._fds.pop(0), "outside": self._fds.pop(0), "sealed": -1}
            self._begin(request) if self._loaded else self._waiting.append(request)
            return
        if what == "close":
            self._end(request["grace"])
            return
        if what == "scratch":
            self._scratch.append(request["path"])
        elif what == "enter":
            celled.enter([self._fds.pop(0) for _ in range(request["namespaces"])])
        elif (child := self._children.get(request["child"])) is not None:
            self._signal(child, request["signal"]) if what == "signal" else self._stop(child, request["grace"])
        self._tell(event="done", key=request["key"])

    def _tell(self, **message: Any) -> None:
        data = json.dumps(message).encode()
        with contextlib.suppress(OSError):  # nobody listens any more: select says so next
            self._sock.sendall(struct.pack("!I", len(data)) + data)

    # Starting

    def _begin(self, request: dict[str, Any]) -> None:
        self._start(request) if request["do"] == "start" else self._double(request)

    def _double(self, request: dict[str, Any]) -> None:
        """Fork another launcher: it serves a socket of its own, and says what goes wrong elsewhere."""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.dup2(request["outside"], 2)
            os.close(request["outside"])
            raise BecomeTwin(request["output"])
        _close(request["output"], request["outside"])
        self._tell(event="twin", key=request["key"], pid=pid)

    def _start(self, request: dict[str, Any]) -> None:
        cell = request["cell"]
        plan, why = (None, "") if cell else self._plan(request)
        told, tell = os.pipe()
        house, mind = os.pipe() if cell else (-1, -1)
        signal.pthread_sigmask(signal.SIG_BLOCK, QUIET)  # a SIGTERM to the child waits until it can mean something
        pid = celled.fork(cell) if cell and cell["kind"] == "forked" else os.fork()
        if pid == 0:
            if cell:
                plan = self._unseal(request, tell)
            _be_born(plan, request, tell, mind)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, QUIET)
        _close(tell, mind, request["output"], request["outside"], request["sealed"])
        said: dict[str, Any] = {}
        for line in _read_all(told).splitlines():
            said |= json.loads(line)
        if cell and "step" not in said:
            said |= _await_birth(house, cell)
        if "step" in said:
            _close(house)
            os.waitpid(pid, 0)
            self._tell(event="failed", key=request["key"], **said)
            return
        child = Child(request["key"], said.get("pid") or pid, request["stop_signal"], house=house)
        child.porter = pid if "pid" in said else 0
        self._children[request["key"]] = child
        self._tell(event="started", key=request["key"], pid=child.pid, cold=said.get("cold", why))

    def _unseal(self, request: dict[str, Any], tell: int) -> forked.Plan | None:
        """Learn, in the child, what only it may know; tell why it is not forked, if so."""
        request |= json.loads(_read_all(request["sealed"]))
        kind = request["cell"]["kind"]
        plan, why = self._plan(request) if kind == "forked" else (None, f"{kind} executes")
        os.write(tell, json.dumps({"cold": why}).encode() + b"\n")
        return plan

    def _plan(self, request: dict[str, Any]) -> tuple[forked.Plan | None, str]:
        if not request["fork"] or self._why_cold:
            return None, self._why_cold or "asked for"
        try:
            return forked.plan(request["argv"], request["env"], request["cwd"], self._reads), ""
        except forked.Cold as why:
            return None, str(why)

    # Ending

    def _end(self, grace: float) -> None:
        """Begin the end of everything: SIGTERM to all there is, ``grace`` seconds, SIGKILL."""
        if self._end_at is not None:
            return
        self._end_at = time.monotonic() + grace
        for request in self._waiting:
            _close(request["output"], request["outside"], request["sealed"])
        self._waiting.clear()
        for child in self._children.values():
            self._stop(child, grace)
        for pid in processes.descendants(os.getpid()):
            if pid not in {child.pid for child in self._children.values()}:
                processes.kill(pid, signal.SIGTERM)

    def _stop(self, child: Child, grace: float) -> None:
        child.family = processes.descendants(child.pid)
        child.kill_at = time.monotonic() + grace
        self._signal(child, child.stop_signal if grace > 0 else signal.SIGKILL)
        self._signal(child, signal.SIGCONT)  # one that is stopped could not hear

    def _signal(self, child: Child, number: int) -> None:
        """Send to the whole group; SIGKILL ends its descendants in other groups as well."""
        if number == signal.SIGKILL:
            child.family = child.family or processes.descendants(child.pid)
            child.killed = True
            child.kill_at = child.kill_at or time.monotonic()
        if not processes.kill_group(child.pid, number) and child.code is None:  # not yet a group of its own
            processes.kill(child.pid, number)
        if number == signal.SIGKILL:
            for pid in child.family:
                if processes.parent_of(pid) in {os.getpid(), child.pid, *child.family}:
                    processes.kill(pid, number)

    def _reap(self) -> None:
        waited = [child for child in self._children.values() if child.code is None or child.porter]
        leaders = {child.porter or child.pid: child for child in waited}
        with contextlib.suppress(ChildProcessError):
            while (reaped := os.waitpid(-1, os.WNOHANG))[0]:
                if (child := leaders.get(reaped[0])) is not None:
                    self._hear_from(child)
                    if child.code is None:
                        code = os.waitstatus_to_exitcode(reaped[1])
                        self._mourn(child, 128 - code if child.porter and code > 128 else code)  # noqa: PLR2004  (as a shell says it)
                    child.porter = 0

    def _hear_from(self, child: Child) -> None:
        """Hear from a cell's first process how the program ended; it has other things to see to before it ends itself."""
        if child.house < 0:
            return
        said = os.read(child.house, celled.ENDED.size)
        _close(child.house)
        child.house = -1
        if len(said) == celled.ENDED.size and child.code is None:
            self._mourn(child, os.waitstatus_to_exitcode(celled.ENDED.unpack(said)[0]))

    def _mourn(self, child: Child, code: int) -> None:
        """Note the end of a leader; those of its family who led groups of their own have not heard yet."""
        child.code = code
        for pid in self._left_of(child):
            processes.kill(pid, child.stop_signal)

    def _left_of(self, child: Child) -> list[int]:
        """Name those of its family who came to us when it ended."""
        return [pid for pid in child.family if processes.parent_of(pid) == os.getpid()]

    def _settle(self) -> None:
        """Report each process whose whole group is gone; kill what has had its time."""
        now = time.monotonic()
        for child in list(self._children.values()):
            overdue = child.kill_at is not None and now >= child.kill_at
            left = child.code is None or child.porter or processes.group_lives(child.pid) or self._left_of(child)
            if left and not child.killed and (overdue or (child.code is not None and child.kill_at is None)):
                self._signal(child, signal.SIGKILL)
            elif not left or (child.killed and child.code is not None and now > (child.kill_at or now) + LAST_RESORT):
                del self._children[child.key]
                self._tell(event="exit", key=child.key, code=child.code)


def _be_born(plan: forked.Plan | None, request: dict[str, Any], tell: int, mind: int) -> NoReturn:
    """Become the program, in the child. What goes wrong before is told through the pipe ``tell``."""
    step, parent = "walls", os.getppid()
    try:
        if request["doors"] and not (request["cell"] and request["cell"]["kind"] == "docker"):
            walled.wall_off(request["doors"], request["outside"])
        if request["cell"]:
            step = "cell"
            _move_in(request, tell, mind)
            step = "cwd"
            os.chdir(request["cwd"])
        else:
            step = "cwd"
            forked.settle_in(request["output"], [tell], request["cwd"])
            step = "uid"
            _drop_to(request["uid"])
            _die_with(parent, request["name"])
        step = "exec"
        if plan is None:
            os.execvpe(request["argv"][0], request["argv"], request["env"])  # noqa: S606  (what it is for)
        os.close(forked.TOLD)
    except OSError as error:
        _confess(tell, json.dumps({"step": step, "errno": error.errno, "error": error.strerror}).encode())
        os._exit(127)
    raise BecomeChild(plan, request)


def _await_birth(house: int, cell: dict[str, Any]) -> dict[str, Any]:
    """Wait until a cell is there. Returns what is to be known of it, or what went wrong."""
    if cell["kind"] == "docker":
        return docked.await_birth(house, cell["token"])
    born = os.read(house, 1) == celled.BORN
    return {} if born else {"step": "cell", "errno": 0, "error": "its first process did not begin"}


def _confess(tell: int, words: bytes) -> None:
    """Tell through the pipe, which is ``tell`` until we have settled in, and forked.TOLD from then on."""
    for fd in (tell, forked.TOLD):
        with contextlib.suppress(OSError):
            os.write(fd, words)
            return


def _move_in(request: dict[str, Any], tell: int, mind: int) -> None:
    """Make the cell and go on as the program in it; its first process, which is what forks it, stays."""
    cell = request["cell"]
    celled.join(cell["cgroups"])
    if cell["kind"] != "forked":
        {"bubblewrap": boxed, "docker": docked}[cell["kind"]].move_in(request, tell, mind)
    celled.furnish(cell)
    forked.settle_in(request["output"], [tell, mind], "/", leads=not celled.twice(cell))
    _die_with_launcher(request["name"])
    os.write(MINDED, celled.BORN)
    if program := os.fork():
        os.closerange(0, MINDED)
        locked.drop_privileges()
        celled.keep_house(program, MINDED)
    os.close(MINDED)
    locked.lock(cell)


def _die_with_launcher(name: str) -> None:
    """Be killed when the launcher is. In a namespace of our own it is nobody's number: its end of the pipe tells."""
    _prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()[:15]))
    _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    told = select.poll()
    told.register(forked.TOLD, 0)
    if told.poll(0):
        os._exit(127)


def _drop_to(uid: int | None) -> None:
    if uid is None or uid == os.getuid():
        return
    try:
        gid = pwd.getpwuid(uid).pw_gid
    except KeyError:  # a uid without an entry will do
        gid = uid
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _prctl(option: int, value: Any) -> None:
    if processes.LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with(parent: int, name: str) -> None:
    """Be killed when the launcher is; it may have been already."""
    _prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()[:15]))
    _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(127)


def _close(*descriptors: int) -> None:
    for fd in descriptors:
        if fd >= 0:
            os.close(fd)


def _read_all(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()


def main(fd: int, modules: list[str]) -> None:
    """Own processes until the socket ``fd`` closes. Returns in a forked program only, as it ends."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)  # the wake-up pipe tells
    signal.pthread_sigmask(signal.SIG_UNBLOCK, QUIET)
    owner = Owner(socket.socket(fileno=fd))
    work = functools.partial(_own, owner, modules)
    while True:
        try:
            work()
        except BecomeTwin as twin:
            owner = owner.twin(twin.fd)
            work = functools.partial(_own, owner, [])
        except BecomeChild as child:
            plan, request = child.plan, child.request
            break
        else:
            os._exit(0)  # nothing is left to do, and taking the loaded modules apart takes 0.1 s
    owner.forget()
    if request["report"]:
        traced.trace(request["cwd"], request["report"])
    forked.become(plan, request["argv"], request["env"], request["cwd"])


def _own(owner: Owner, modules: list[str]) -> None:
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    if modules or not owner.loaded:
        owner.preload(modules)
    owner.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
