"""What a child of the launcher becomes: a Python program run in this very process, or any program by exec.

Standard library only: this runs under the learner's interpreter, loaded by path. The aim of a forked program is to
see what it would have seen cold: argv, environment, sys.path, ``__main__``, signals, output and exit code. It differs
in three things: sys.flags says isolated, /proc shows the launcher's command line, and its environment at birth.
"""
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH118, PTH119, PTH120, PTH121, PTH123, PTH208  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import io
import os
import re
import runpy
import shutil
import signal
import sys
import time
import types
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "TOLD",
    "Cold",
    "EnvironmentReads",
    "Plan",
    "become",
    "module_names",
    "plan",
    "reset_signals",
    "settle_in",
]

HARMLESS = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONNOUSERSITE", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE"}
"""What is honoured after a fork as it would be cold; any other PYTHON… variable means a cold start."""
RUNNERS = {"pytest", "_pytest", "py.test"}
"""Programs that look at what is imported before they import it: pytest rewrites assertions, and says so if it cannot."""
CUSTOMIZE = {"sitecustomize", "usercustomize"}
TOLD = 3
"""The descriptor through which a child tells what went wrong before it began."""
PYTHON = re.compile(r"python(3(\.\d+)?)?")
SUFFIXES = (".py", ".pyc", ".so")


class Cold(Exception):  # noqa: N818  (an answer, not a defect)
    """This command must be started cold; the text says why."""


class Plan(NamedTuple):
    """A Python program to run in process. ``kind`` is module, file or code; ``path0`` is its first sys.path entry."""

    kind: str
    target: str
    argv: list[str]
    path0: str
    executable: str
    unbuffered: bool = False


class EnvironmentReads:
    """Notes which environment variables are read while it is on: what a module read as it was imported."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.all = False
        self._at_start = dict(os.environ)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        kind: Any = type(os.environ)
        getitem, iterate = kind.__getitem__, kind.__iter__

        def note(environ: Any, name: str) -> Any:
            self.names.add(name)
            return getitem(environ, name)

        def note_all(environ: Any) -> Any:
            self.all = True
            return iterate(environ)

        kind.__getitem__, kind.__iter__ = note, note_all
        try:
            yield
        finally:
            kind.__getitem__, kind.__iter__ = getitem, iterate

    def differing(self, env: Mapping[str, str]) -> str | None:
        """Name a variable that was read and would have had another value in ``env``."""
        names = {*self._at_start, *env} if self.all else self.names
        return next((name for name in sorted(names) if env.get(name) != self._at_start.get(name)), None)


def plan(argv: Sequence[str], env: Mapping[str, str], cwd: str, reads: EnvironmentReads) -> Plan:
    """Say how to run this command in process. Raises Cold where that would not be the same as starting it."""
    program = _find(argv[0], env, cwd)
    found = _python(program, argv, cwd) if _is_this_python(program) else _script(program, argv)
    if os.path.basename(found.target) in RUNNERS:
        raise Cold("pytest looks at what has been imported before it")
    odd = next((name for name in env if name.startswith("PYTHON") and name not in HARMLESS), None) or reads.differing(
        env
    )
    if odd:
        raise Cold(f"the environment variable {odd} is read before a program begins")
    _no_shadows([found.path0 or cwd, cwd, *_python_path(env, cwd), *_folders(argv, cwd)])
    return found


def _find(program: str, env: Mapping[str, str], cwd: str) -> str:
    if os.sep in program:
        return os.path.join(cwd, program)
    return shutil.which(program, path=env.get("PATH", os.defpath)) or program


def _is_this_python(program: str) -> bool:
    return PYTHON.fullmatch(os.path.basename(program)) is not None and _beside_python(os.path.dirname(program))


def _beside_python(folder: str) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samefile(folder, os.path.dirname(sys.executable))
    return False


def _python(program: str, argv: Sequence[str], cwd: str) -> Plan:
    rest = list(argv[1:])
    unbuffered = rest[:1] == ["-u"]
    rest = rest[unbuffered:]
    if len(rest) > 1 and rest[0] == "-m":
        return Plan("module", rest[1], ["-m", *rest[2:]], cwd, program, unbuffered)
    if len(rest) > 1 and rest[0] == "-c":
        return Plan("code", rest[1], ["-c", *rest[2:]], "", program, unbuffered)
    if not rest or rest[0].startswith("-") or not os.path.isfile(os.path.join(cwd, rest[0])):
        raise Cold("the interpreter is called with options of its own, or with no program")
    if not rest[0].endswith((".py", ".pyw")):
        raise Cold("what the interpreter is to run is no .py file")
    script = os.path.join(cwd, rest[0])
    return Plan("file", script, rest, os.path.dirname(os.path.realpath(script)), program, unbuffered)


def _script(program: str, argv: Sequence[str]) -> Plan:
    """Return the plan for a console script of this environment: one whose first line names this interpreter."""
    try:
        with open(program, "rb") as file:
            head = file.read(2048).decode("utf-8", "replace").splitlines()
    except OSError:
        raise Cold("it is no program of this Python environment") from None
    first = head[0] if head else ""
    named = (
        re.match(r"'''exec' \"?([^\" ]+)", head[1])
        if first == "#!/bin/sh" and len(head) > 1
        else re.match(r"#!\s*(\S+)$", first)
    )
    if named is None or not _is_this_python(named[1]):
        raise Cold("it is no program of this Python environment")
    return Plan("file", program, [program, *argv[1:]], os.path.dirname(os.path.realpath(program)), named[1])


def _python_path(env: Mapping[str, str], cwd: str) -> list[str]:
    entries = [
        os.path.abspath(os.path.join(cwd, entry)) for entry in env.get("PYTHONPATH", "").split(os.pathsep) if entry
    ]
    if CUSTOMIZE & {name for entry in entries for name in module_names(entry)}:
        raise Cold("there is a sitecustomize module on PYTHONPATH")
    return entries


def _folders(argv: Sequence[str], cwd: str) -> list[str]:
    named = [os.path.join(cwd, word.partition("=")[2] if word.startswith("--") else word) for word in argv[1:]]
    return [folder for folder in named if os.path.isdir(folder)]


def _no_shadows(folders: Iterable[str]) -> None:
    loaded = {name.partition(".")[0] for name in sys.modules}
    for folder in dict.fromkeys(folders):
        shadows = loaded & module_names(folder) - {"__main__"}
        if shadows and folder not in sys.path:
            raise Cold(f"{min(shadows)} in {folder} has the name of a module that is loaded already")


def module_names(folder: str) -> set[str]:
    """Name the top-level modules and packages that Python would find in ``folder``."""
    found = set()
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            stem = entry.name.partition(".")[0]
            if entry.name.endswith(SUFFIXES) or os.path.exists(os.path.join(entry.path, "__init__.py")):
                found.add(stem)
    return found


def settle_in(output: int, keep: Sequence[int], cwd: str, *, leads: bool = True) -> None:
    """Make this fresh child a process of its own: session, folder, descriptors 0 to 2, ``keep`` from TOLD on, no others.

    ``leads``: it is to lead a session; else it is in a new one already.
    """
    if leads:
        os.setsid()
    last = TOLD + len(keep) - 1
    # Above it first, so that none of them is closed by the copy of another.
    output, *keep = (_above(last, fd) for fd in (output, *keep))
    null = _above(last, os.open(os.devnull, os.O_RDONLY))
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    for target, source in enumerate(keep, TOLD):
        os.dup2(source, target, inheritable=False)
    for fd in [int(name) for name in os.listdir("/dev/fd") if int(name) > last]:
        with contextlib.suppress(OSError):
            os.close(fd)
    os.chdir(cwd)
    reset_signals()


def _above(limit: int, fd: int) -> int:
    import fcntl  # noqa: PLC0415  (not on Windows)

    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, limit + 1)


def reset_signals() -> None:
    """Give every signal the disposition a program starts with, and let those that waited come through."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def become(found: Plan, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> None:
    """Be that program. Returns as the program returns, raises SystemExit as it does; its errors end the process."""
    _look_like_a_start(found, argv, env, cwd)
    try:
        _runner(found)()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  (this is the interpreter's last line)
        _die_of(error)


def _look_like_a_start(found: Plan, argv: Sequence[str], env: Mapping[str, str], cwd: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGPIPE", "SIGXFSZ"):  # as Python itself begins
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    gc.enable()
    sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
    sys.argv = found.argv
    sys.orig_argv = list(argv)
    sys.executable = found.executable
    sys.path[:0] = [found.path0, *_python_path(env, cwd)]
    unbuffered = found.unbuffered or bool(env.get("PYTHONUNBUFFERED"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=unbuffered)
    importlib.invalidate_caches()


def _runner(found: Plan) -> Callable[[], object]:
    main = types.ModuleType("__main__")
    vars(main).update(__builtins__=builtins, __annotations__={})
    sys.modules["__main__"] = main
    if found.kind == "module":
        # What `python -m` itself calls; run_module would not make it the real __main__.
        return lambda: runpy._run_module_as_main(found.target)  # type: ignore[attr-defined]  # noqa: SLF001
    if found.kind == "file":
        vars(main).update(__file__=found.target, __cached__=None)
    return lambda: exec(_compiled(found), vars(main))  # noqa: S102  (it is the program)


def _compiled(found: Plan) -> types.CodeType:
    if found.kind == "code":
        return compile(found.target, "<string>", "exec")
    with io.open_code(found.target) as file:
        return compile(file.read(), found.target, "exec", dont_inherit=True)


def _die_of(error: BaseException) -> None:
    """End as the interpreter ends at an uncaught exception, without the frames that are ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)
    if isinstance(error, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
    raise SystemExit(1)
