"""The Procfile: one ``name: command`` line for each process, and what a command line means."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checker.errors import N_, LearnerFault
from checker.runtime.commandline import NotSimple, simple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Call", "Entry", "Procfile", "ProcfileFault"]

NAME = re.compile(r"[A-Za-z0-9_-]+")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
SHOWN = 60
"""Characters of a line that are shown in a message."""
LARGEST = 65_536
"""Bytes of a Procfile; what is longer is something else."""


class ProcfileFault(LearnerFault):
    """The Procfile is missing, or a line of it cannot be understood."""


@dataclass(frozen=True)
class Call:
    """A command line resolved: ``argv`` with its whole environment. ``shell``: the shell has to read it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    shell: bool = False


@dataclass(frozen=True)
class Entry:
    """One line: ``shop: uvicorn shop.app:app --port $PORT``."""

    name: str
    command: str
    line: int = 0

    def call(self, env: Mapping[str, str]) -> Call:
        """Resolve the command in the environment ``env``.

        Assignments in front, quotes, $NAME, ${NAME} and ${NAME:-default} are ours; with anything else the shell knows
        (&&, |, redirections, $(…), globs) the whole line is its.
        """
        try:
            argv, assigned = simple(self.command, env)
        except NotSimple:
            return Call(("sh", "-c", self.command), dict(env), shell=True)  # noqa: S604  (a field of ours)
        return Call(tuple(argv), {**env, **assigned})


class Procfile:
    """The entries of a Procfile by name, in their order."""

    def __init__(self, entries: Mapping[str, Entry], path: str = "Procfile") -> None:
        self.entries = dict(entries)
        self.path = path

    def __iter__(self) -> Any:
        return iter(self.entries.values())

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __getitem__(self, name: str) -> Entry:
        """Return the entry. Raises ProcfileFault when there is none of that name."""
        if name not in self.entries:
            raise ProcfileFault(
                N_("{path} has no line for {name!r}; it names {names}."),
                N_("Add a line {name}: followed by the command that starts it."),
                path=self.path,
                name=name,
                names=", ".join(self.entries),
            )
        return self.entries[name]

    @classmethod
    def read(cls, path: Path) -> Procfile:
        """Read a file. Raises ProcfileFault when it is missing or a line cannot be understood."""
        if not path.is_file():
            raise ProcfileFault(
                N_("There is no Procfile at {path}, so nothing can be started."),
                N_("Write one line for each process, such as: shop: uvicorn shop.app:app --port $PORT"),
                path=str(path),
            )
        return cls.parse(_text(path), str(path))

    @classmethod
    def parse(cls, text: str, path: str = "Procfile") -> Procfile:
        """Parse the text of a Procfile. Raises ProcfileFault that names the line, what it says, and what to write."""
        entries: dict[str, Entry] = {}
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            stripped = line.strip()
            if stripped and not stripped.startswith("#"):
                entry = _entry(stripped, number, path)
                _refuse_twice(entry, entries, path)
                entries[entry.name] = entry
        if not entries:
            raise ProcfileFault(
                N_("{path} names no process."),
                N_("Write one line for each process, such as: shop: uvicorn shop.app:app --port $PORT"),
                path=path,
            )
        return cls(entries, path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ProcfileFault(
            N_("{path} cannot be read: {error}."),
            N_("See who may read it: ls -l {path}"),
            path=str(path),
            error=error.strerror,
        ) from error
    if len(data) > LARGEST:
        raise ProcfileFault(
            N_("{path} is longer than {most} bytes."),
            N_("A Procfile has one short line for each process; keep other things elsewhere."),
            path=str(path),
            most=LARGEST,
        )
    return _decoded(data, str(path))


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _fault(
            N_("Line {line} of {path} is not UTF-8: {found!r}."),
            N_("Save the file as UTF-8."),
            line,
            path,
            data[error.start : error.start + 4],
        ) from error


def _entry(text: str, line: int, path: str) -> Entry:
    name, colon, command = (part.strip() for part in text.partition(":"))
    if not colon:
        raise _fault(
            N_("Line {line} of {path} is no `name: command`: {found!r}."),
            N_("Put a name and a colon in front of the command, or # to make it a comment."),
            line,
            path,
            text,
        )
    if not NAME.fullmatch(name):
        raise _fault(
            N_("Line {line} of {path} has a name that cannot be one: {found!r}."),
            N_("A name has letters, digits, - and _ only, such as orders-release."),
            line,
            path,
            name,
        )
    _refuse_broken(command, line, path, name)
    return Entry(name, command, line)


def _refuse_broken(command: str, line: int, path: str, name: str) -> None:
    if CONTROLS.search(command):
        raise _fault(
            N_("Line {line} of {path} has a control character in it: {found!r}."),
            N_("Type the line anew."),
            line,
            path,
            command,
        )
    try:
        words = shlex.split(command, comments=True)
    except ValueError as error:
        raise _fault(
            N_("Line {line} of {path} has a quote or a backslash that goes on past its end: {found!r}."),
            N_("Close the quote; a command is one line."),
            line,
            path,
            command,
        ) from error
    if not words:
        raise _fault(
            N_("Line {line} of {path} names {found!r} and no command."),
            N_("Write the command that starts it behind the colon, or take the line out."),
            line,
            path,
            name,
        )


def _refuse_twice(entry: Entry, entries: Mapping[str, Entry], path: str) -> None:
    if entry.name in entries:
        raise _fault(
            N_("Line {line} of {path} names {found!r} again; line {first} did so first."),
            N_("Give one of them another name."),
            entry.line,
            path,
            entry.name,
            first=entries[entry.name].line,
        )


def _fault(message: str, move: str, line: int, path: str, found: str | bytes, **values: object) -> ProcfileFault:
    shown = found if len(found) <= SHOWN else found[:SHOWN] + ("…" if isinstance(found, str) else b"...")  # type: ignore[operator]
    return ProcfileFault(message, move, line=line, path=path, found=shown, **values)
