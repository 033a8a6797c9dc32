"""The checker's side of the launcher: start programs, hear what they say, end them; nothing outlives the checker."""
# ruff: noqa: SLF001  (a process and its launcher are one thing seen from two sides)

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from checker.errors import N_, EngineFault, LearnerFault
from checker.runtime.channel import Channel
from checker.runtime.environment import environment_of
from checker.runtime.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from checker.ledger import Ledger
    from checker.runtime.cells import Cells
    from checker.runtime.walls import Walls

__all__ = ["GRACE", "Launcher", "Process", "Twin"]

GRACE = 3.0
"""Seconds from SIGTERM to SIGKILL."""
BEYOND = 5.0
"""Seconds after SIGKILL that we wait for the end of something."""
ANSWER = 60.0
"""Seconds within which the launcher answers, loading included."""
LAST_LINES = 40
"""Lines that a process remembers."""
LAST_WORDS = 64
"""Chunks of output read when a process has ended: one that is left behind may write for ever."""


class Process:
    """A program that was started. ``returncode`` is None while it, or any of its process group, lives; -n: signal n.

    ``cold`` says why it was executed and not forked; it is empty when it was forked. ``last_lines`` has its last ones.
    ``confined``: it lives in a cell, and may mean harm.
    """

    def __init__(self, launcher: Launcher, name: str, key: int) -> None:
        self.name = name
        self.pid = 0
        self.returncode: int | None = None
        self.cold = ""
        self.confined = False
        self._launcher, self._key = launcher, key
        self._last = deque[str](maxlen=LAST_LINES)
        self._ended = threading.Event()

    def __repr__(self) -> str:
        return f"<Process {self.name} {self.pid} {'alive' if self.returncode is None else self.returncode}>"

    @property
    def last_lines(self) -> list[str]:
        """The last forty lines it wrote; whole once it has ended."""
        return list(self._last)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait ``timeout`` seconds for its end. Returns the return code, None when it still lives."""
        self._ended.wait(timeout)
        return self.returncode

    def signal(self, number: int) -> None:
        """Send a signal to its process group; it has been sent when this returns. Nothing happens to the dead."""
        if self.returncode is None:
            self._launcher._ask({"do": "signal", "child": self._key, "signal": int(number)})

    def kill(self) -> None:
        """SIGKILL the group and all descendants, and wait until they are gone. Nothing happens to the dead."""
        self.signal(signal.SIGKILL)
        self.wait(BEYOND)

    def stop(self, grace: float = GRACE) -> None:
        """SIGTERM, ``grace`` seconds later SIGKILL, to the whole group; return when it is gone. Idempotent."""
        self.stop_soon(grace)
        self.wait(grace + BEYOND)

    def stop_soon(self, grace: float = GRACE) -> None:
        """Begin to stop it, and do not wait: several can stop at once."""
        if self.returncode is None:
            self._launcher._ask({"do": "stop", "child": self._key, "grace": grace})

    def _say(self, line: str) -> None:
        self._last.append(line)
        self._launcher._ledger.line(self.name, line)

    def _end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()


class Owner(Protocol):
    """The launcher, as a process."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit code; None while it lives."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""

    def kill(self) -> None:
        """SIGKILL it."""


class Twin:
    """A launcher that was forked from another, and that nobody uses yet. It is no child of ours."""

    def __init__(self, pid: int, sock: socket.socket, errors: int) -> None:
        self.pid, self.sock = pid, sock
        self._errors = errors
        self._handle = os.pidfd_open(pid)
        self.home = {name: _namespace(name) for name in ("user", "mnt", "net")}  # where it is, as we are now

    def errors(self, note: Callable[[str], object]) -> Output:
        """Return what it says when something goes wrong."""
        return Output(note, self._errors)

    def poll(self) -> int | None:
        """Return 0 when it is gone; how, its parent knows."""
        return 0 if select.select([self._handle], [], [], 0)[0] else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        if not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("launcher", timeout or 0.0)
        return 0

    def kill(self) -> None:
        """SIGKILL it."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def close(self) -> None:
        """Let go of it: it ends. Called by whoever handed it on to another process, and where nobody used it."""
        self.sock.close()
        os.close(self._handle)
        os.close(self._errors)


class _Answer:
    """Where the launcher's answer to one request will lie."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self.message: dict[str, Any] = {}  # stays empty when none comes


class Launcher:
    """Owner of all child processes; a context manager.

    ``preload`` names modules that forked programs find loaded; the loading goes on in the background, and a program
    that is not to be forked does not wait for it. ``environment`` is what the launcher itself sees (default: what
    every service sees): programs with another value of a variable that some module reads on import start cold.
    ``cells`` says in what cell each program lives; without, it lives where we do. ``twin``: who owns the processes, loaded
    already, and follows us to where we are now; else a new one is started.
    Raises LearnerFault when there is no such ``python``.
    """

    def __init__(
        self,
        python: Path | None = None,
        *,
        preload: Sequence[str] = (),
        ledger: Ledger,
        environment: Mapping[str, str] | None = None,
        cells: Cells | None = None,
        twin: Twin | None = None,
    ) -> None:
        self.python = python or Path(sys.executable)
        self._cells = cells
        self._ledger = ledger
        self._lock = threading.Lock()
        self._keys = 0
        self._answers: dict[int, _Answer] = {}
        self._processes: dict[int, tuple[Process, Output]] = {}
        self._proven = False  # it has answered once
        self._closed = False
        self._said = deque[str](maxlen=20)
        self._errors = twin.errors(self._said.append) if twin else Output(self._said.append)
        self._owner: Owner
        if twin:
            ours, self._owner = twin.sock, twin
        else:
            ours, self._owner = self._spawned(preload, environment or environment_of(self.python))
        self._channel = Channel(ours)
        self._selector = selectors.DefaultSelector()
        self._selector.register(ours, selectors.EVENT_READ)
        self._selector.register(self._errors.fd, selectors.EVENT_READ, self._errors)
        self._reader = threading.Thread(target=self._read, name="launcher-reader", daemon=True)
        self._reader.start()
        if twin:
            self._follow(twin)

    def _spawned(
        self, preload: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        try:
            return ours, self._spawn(theirs.fileno(), preload, environment)
        except BaseException:
            ours.close()
            self._errors.close()
            raise
        finally:
            theirs.close()
            os.close(self._errors.write_end)

    def _follow(self, twin: Twin) -> None:
        """Have a twin enter the namespaces that we are in, a user's first where that is not its own."""
        names = [name for name, home in twin.home.items() if _namespace(name) != home]
        fds = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in names]
        try:
            self._ask({"do": "enter", "namespaces": len(fds)}, fds=fds)
        finally:
            for fd in fds:
                os.close(fd)

    def twin(self) -> Twin:
        """Fork the launcher, with all that it has loaded, for another process of ours that will own a :class:`Launcher`."""
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        try:
            answer = self._ask({"do": "twin", "fork": True}, fds=[theirs.fileno(), write])
        finally:
            theirs.close()
            os.close(write)
        return Twin(answer["pid"], ours, read)

    def _spawn(self, fd: int, preload: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("launcher_main.py")
        try:
            return subprocess.Popen(
                [str(self.python), "-I", "-X", "utf8", str(script), str(fd), *preload],
                cwd="/",
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors.write_end,
                pass_fds=[fd],
                start_new_session=True,
            )
        except OSError as error:
            raise self._no_python(error.strerror or str(error)) from error

    def _no_python(self, said: str) -> LearnerFault:
        return LearnerFault(
            N_("The Python at {python} does not run: {said}."),
            N_("Make that environment anew; without a .venv in the workspace the course's own is used."),
            python=str(self.python),
            said=said,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def owner(self) -> int:
        """The process id of the launcher itself."""
        return self._owner.pid

    # What it is for

    def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        uid: int | None = None,
        *,
        fork: bool = False,
        walls: Walls | None = None,
        report: Path | None = None,
        stop_signal: int = signal.SIGTERM,
    ) -> Process:
        """Start ``argv`` with exactly ``env`` in ``cwd``; ``name`` is what its lines bear in the ledger.

        With ``fork`` a Python program of this environment is forked, where that makes no difference to it. ``uid``:
        the user to become first, with that user's group. ``walls`` are built around it, where the system lets us.
        ``report``: where a forked one tells which files of ``cwd`` it has read, as :func:`traced.trace` does.
        ``stop_signal`` asks it to end. Raises OSError
        (FileNotFoundError, PermissionError, …) when it cannot be executed, EngineFault when the launcher is gone
        or no cell could be made, LearnerFault when the learner's Python never ran.
        """
        request: dict[str, Any] = {
            "do": "start",
            "name": name,
            "argv": list(argv),
            "env": dict(env),
            "cwd": str(cwd),
            "uid": uid,
        }
        request |= {"fork": fork and uid is None, "stop_signal": int(stop_signal)}
        request["report"] = str(report or "")
        request["doors"] = list(walls.ports) if walls else []
        request["cell"] = None
        fds = [walls.inside.fileno()] if walls and walls.ports else []
        if self._cells:
            request |= self._cells.cell(name, argv, env, cwd, uid=uid, walled=bool(fds))
            fds.append(_sealed(request))
        process = Process(self, name, key := self._next_key())
        process.confined = self._cells is not None
        output = Output(process._say)
        self._processes[key] = (process, output)
        try:
            answer = self._ask(request, key=key, fds=[output.write_end, *fds])
        except (EngineFault, LearnerFault):
            output.close()
            raise
        finally:  # after Ctrl-C it stays registered: it may be starting, and ends with all others
            os.close(output.write_end)
            if self._cells:
                os.close(fds[-1])
        if answer["event"] == "failed":
            del self._processes[key]
            output.close()
            if answer["step"] == "cell":
                raise EngineFault(N_("No cell could be made for {name}: {said}"), name=name, said=answer["error"])
            raise OSError(answer["errno"], answer["error"], str(cwd) if answer["step"] == "cwd" else argv[0])
        if walls and walls.ports:
            walls.open()
        return process

    def scratch(self, folder: Path) -> None:
        """Have a folder removed when everything has ended, also when the checker is killed."""
        self._ask({"do": "scratch", "path": str(folder)})

    def close(self, grace: float = GRACE) -> None:
        """End every process, all at once: SIGTERM, after ``grace`` seconds SIGKILL. Closing twice is fine."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._channel.send({"do": "close", "grace": grace})
        try:
            self._owner.wait(grace + BEYOND)
        except subprocess.TimeoutExpired:
            self._owner.kill()
            self._owner.wait()
        self._reader.join(BEYOND)
        self._channel.sock.close()
        self._selector.close()

    # Asking

    def _next_key(self) -> int:
        with self._lock:
            self._keys += 1
            return self._keys

    def _ask(self, request: dict[str, Any], *, key: int = 0, fds: Sequence[int] = ()) -> dict[str, Any]:
        """Send a request, with the descriptors ``fds``, and return its answer. Raises EngineFault when none comes."""
        key = key or self._next_key()
        answer = self._answers[key] = _Answer()
        self._channel.send({**request, "key": key}, fds)
        if self._reader.is_alive():
            answer.there.wait(ANSWER)
        self._answers.pop(key, None)
        if not answer.message:
            raise self._gone()
        self._proven = True
        return answer.message

    def _gone(self) -> EngineFault | LearnerFault:
        said = self._said[-1] if self._said else f"exit code {self._owner.poll()}"
        if self.python != Path(sys.executable) and not self._proven:
            return self._no_python(said)
        return EngineFault(
            N_("The launcher, which owns all processes, is gone: {said}"),
            N_("Run the command again; if it comes back, tell us what it said."),
            said=said,
        )

    # The reader, a thread of its own

    def _read(self) -> None:
        try:
            while self._read_once():
                pass
        finally:
            self._bury()

    def _read_once(self) -> bool:
        for ready, _ in self._selector.select():
            if ready.data is None:
                messages = self._channel.receive()
                for message in messages or ():
                    self._heard(**message)
                if messages is None:
                    return False
            else:
                self._listen(ready.data)
        return True

    def _heard(self, event: str, key: int = 0, **rest: Any) -> None:
        if event == "started":
            process, output = self._processes[key]
            process.pid, process.cold = rest["pid"], rest["cold"]
            self._selector.register(output.fd, selectors.EVENT_READ, output)
        if event == "exit":
            process, output = self._processes[key]
            output.read(LAST_WORDS)
            output.flush()
            process._end(rest["code"])
            del self._processes[key]
        elif (answer := self._answers.get(key)) is not None:  # whoever asked may have been interrupted
            answer.message = {"event": event, **rest}
            answer.there.set()

    def _listen(self, output: Output) -> None:
        output.read()
        if not output.open:
            self._selector.unregister(output.fd)
            output.close()

    def _bury(self) -> None:
        """End what the launcher, which is gone, could not end, and let nobody wait any more."""
        for process, _ in list(self._processes.values()):
            with contextlib.suppress(OSError):
                os.killpg(process.pid or self._owner.pid, signal.SIGKILL)
        for ready in list(self._selector.get_map().values()):
            if ready.data is not None:
                ready.data.read(LAST_WORDS)
                ready.data.close()
        for process, _ in list(self._processes.values()):
            process._end(-signal.SIGKILL)
        for answer in list(self._answers.values()):
            answer.there.set()


def _sealed(request: dict[str, Any]) -> int:
    """Take what only the program may know out of a request, and return a file that has it.

    Who is forked from the launcher can read all that the launcher ever heard; so it does not hear this.
    """
    known = {name: request.pop(name) for name in ("argv", "env")}
    sealed = os.memfd_create("sealed")
    with open(sealed, "wb", closefd=False) as file:
        file.write(json.dumps(known).encode())
    os.lseek(sealed, 0, os.SEEK_SET)
    return sealed


def _namespace(name: str) -> str:
    return os.readlink(f"/proc/self/ns/{name}")  # noqa: PTH115  (it is no path)
