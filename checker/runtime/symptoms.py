"""Why a service did not start: what its last lines, its exit code and the ports it listens on say."""

from __future__ import annotations

import contextlib
import re
import signal
from typing import TYPE_CHECKING

import psutil

from checker.errors import N_, ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ended_early", "finished_badly", "impostor", "listening", "never_ready", "no_such_command", "port_taken"]

_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_SYNTAX = re.compile(r"(?P<error>(?:SyntaxError|IndentationError|TabError): .*)")
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '(?P<module>[^']+)'")
_NO_APP_MODULE = re.compile(r'Error loading ASGI app\. Could not import module "(?P<module>[^"]+)"')
_NO_MAIN_MODULE = re.compile(
    r"\S*python\S*: No module named '?(?P<module>[\w.]+)|: Error while finding module specification for '(?P<again>[^']+)'"
)
_NO_APP = re.compile(
    r'Error loading ASGI app\. (?P<error>Attribute "(?P<name>[^"]+)" not found in module "(?P<module>[^"]+)")'
)
_NOT_FOUND = re.compile(r"^(?:\S*sh: )?(?:\d+: |line \d+: )?(?P<program>\S+): (?:command )?not found$")
_ERROR = re.compile(r"(?P<error>[A-Za-z_][\w.]*(?:Error|Exception)\b.*)")
_IN_USE = re.compile(r"address already in use|EADDRINUSE|Address in use", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\('[\d.:a-fx]*', |:|[Pp]ort )(?P<port>\d{2,5})\b")
READ = 40
"""Lines from the end that are looked at."""
NOT_FOUND = 127
"""The shell's exit code where there is no such command."""


def port_taken(lines: Sequence[str]) -> int | None:
    """Return the port that the last lines say is in use; 0 when they say so of none in particular, None otherwise."""
    for line in reversed(lines[-READ:]):
        if _IN_USE.search(line):
            ports = [int(found["port"]) for found in _ADDRESS.finditer(line)]
            return ports[-1] if ports else 0
    return None


def ended_early(service: str, code: int, lines: Sequence[str], port: int) -> ServiceFailed:
    """Return the error for a process that ended before it was ready."""
    last = lines[-READ:]
    return (
        _import_trouble(service, last)
        or _port_trouble(service, last, port)
        or _shell_trouble(service, code, last)
        or _ended(service, code, last)
    )


def _import_trouble(service: str, lines: Sequence[str]) -> ServiceFailed | None:
    if error := _search(_SYNTAX, lines):
        file, line = _frame_before(error, lines)
        return ServiceFailed(
            N_("{service} did not start: {file}, line {line}, is not Python. {error}"),
            N_("Mend that line; python -m py_compile {file} says whether it is one."),
            service=service,
            file=file,
            line=line,
            error=error["error"],
        )
    if app := _search(_NO_APP, lines):
        return ServiceFailed(
            N_("{service} did not start: there is no {name!r} in the module {module}."),
            N_("Name the application in the Procfile as module:variable, as it is called in that file."),
            service=service,
            name=app["name"],
            module=app["module"],
        )
    if module := _search(_NO_MODULE, lines) or _search(_NO_APP_MODULE, lines) or _search(_NO_MAIN_MODULE, lines):
        return ServiceFailed(
            N_("{service} did not start: there is no module {module!r}."),
            N_(
                "If it is a file of yours, see its name and folder: imports begin at the workspace's root."
                " If it is a package, install it into the workspace's .venv."
            ),
            service=service,
            module=next(filter(None, module.groups())),
        )
    return None


def _frame_before(error: re.Match[str], lines: Sequence[str]) -> tuple[str, str]:
    frames = [frame for line in lines[: lines.index(error.string)] if (frame := _FRAME.match(line))]
    return (frames[-1]["file"], frames[-1]["line"]) if frames else ("?", "?")


def _port_trouble(service: str, lines: Sequence[str], port: int) -> ServiceFailed | None:
    taken = port_taken(lines)
    if taken is None or taken == port:
        return None
    message = N_(
        "{service} did not start: it wants port {taken}, which is in use, instead of {port}, which it was given."
    )
    if not taken:
        message = N_("{service} did not start: the port it wants is in use, and it is not {port}, which it was given.")
    move = N_("Let it listen on $PORT: every address and port comes from the environment.")
    return ServiceFailed(message, move, service=service, taken=taken, port=port)


def _shell_trouble(service: str, code: int, lines: Sequence[str]) -> ServiceFailed | None:
    missing = _search(_NOT_FOUND, lines) if code == NOT_FOUND else None
    return no_such_command(service, missing["program"]) if missing else None


def no_such_command(service: str, program: str, said: str = "not found") -> ServiceFailed:
    """Return the error for a command that cannot be executed."""
    return ServiceFailed(
        N_("{service} cannot be started: {program!r}: {said}."),
        N_("See its line in the Procfile; what is installed in the workspace's .venv is found by name."),
        service=service,
        program=program,
        said=said,
    )


def _ended(service: str, code: int, lines: Sequence[str]) -> ServiceFailed:
    message = N_("{service} ended with exit code {code} before it was ready. The last it said: {said}")
    if code < 0:
        message = N_("{service} was ended by {code} before it was ready. The last it said: {said}")
    move = N_("Mend what it says there; its whole log is in the report.")
    return ServiceFailed(message, move, service=service, code=_name(code), said=_last_words(lines))


def finished_badly(service: str, code: int | None, lines: Sequence[str], within: float) -> ServiceFailed:
    """Return the error for a process that was to run to its end: it failed, or (``code`` None) it did not end."""
    if code is None:
        return ServiceFailed(
            N_("{service} did not come to its end within {within} s. The last it said: {said}"),
            N_("It is to do its work and end; see what it waits for."),
            service=service,
            within=within,
            said=_last_words(lines),
        )
    return (
        _import_trouble(service, lines[-READ:])
        or _shell_trouble(service, code, lines[-READ:])
        or _failed(service, code, lines)
    )


def _failed(service: str, code: int, lines: Sequence[str]) -> ServiceFailed:
    message = N_("{service} failed with exit code {code}. The last it said: {said}")
    if code < 0:
        message = N_("{service} was ended by {code}. The last it said: {said}")
    move = N_("Mend what it says there; its whole log is in the report.")
    return ServiceFailed(message, move, service=service, code=_name(code), said=_last_words(lines))


def never_ready(
    service: str, port: int, *, answer: str, elsewhere: Sequence[str], lines: Sequence[str], within: float
) -> ServiceFailed:
    """Return the error for a process that lives and does not answer. ``answer``: what came back last, if anything did."""
    if answer:
        return ServiceFailed(
            N_(
                "{service} was not ready within {within} s: GET /health was answered with {answer}. The last it said: {said}"
            ),
            N_("Any answer below 500 counts as ready; see in its log what it lacks."),
            service=service,
            within=within,
            answer=answer,
            said=_last_words(lines),
        )
    if elsewhere:
        return ServiceFailed(
            N_("{service} listens on {found}, not on 127.0.0.1:{port} as it was told."),
            N_("Let it listen on $PORT: every address and port comes from the environment."),
            service=service,
            found=", ".join(elsewhere),
            port=port,
        )
    return ServiceFailed(
        N_("{service} runs, and did not listen on port {port} within {within} s. The last it said: {said}"),
        N_("Let it listen on $PORT; if it waits for something before that, see what."),
        service=service,
        port=port,
        within=within,
        said=_last_words(lines),
    )


def impostor(service: str, port: int) -> ServiceFailed:
    """Return the error for a port that is answered on by another process than it was given to."""
    return ServiceFailed(
        N_("{service} did not start: it is another process that answers on its port {port}."),
        N_("Each service listens on the $PORT it is given, and on no other."),
        service=service,
        port=port,
    )


def listening(pid: int) -> list[str]:
    """Return the addresses ("127.0.0.1:8000") on which a process and its descendants listen."""
    found: set[str] = set()
    for process in _family(pid):
        with contextlib.suppress(psutil.Error, OSError):
            connections = process.net_connections("tcp")
            found |= {_address(*entry.laddr) for entry in connections if entry.status == psutil.CONN_LISTEN}
    return sorted(found)


def _family(pid: int) -> Iterable[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _search(pattern: re.Pattern[str], lines: Sequence[str]) -> re.Match[str] | None:
    return next((found for line in reversed(lines) if (found := pattern.search(line))), None)


def _name(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return str(code)


def _last_words(lines: Sequence[str]) -> str:
    """Return the line that says most: the last error, else the last line that is not blank."""
    error = _search(_ERROR, lines[-READ:])
    said = error["error"] if error else next((line for line in reversed(lines) if line.strip()), "…")
    return said.strip()
