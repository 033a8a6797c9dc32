"""TOML, read key by key: what is missing, of another kind, or not expected is said with file, key, value and next move."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from checker.errors import N_, EngineFault, SeamworkError

__all__ = ["Table", "read_toml"]

T = TypeVar("T")

_REQUIRED: Any = object()
_KINDS = {str: "text", int: "a whole number", float: "a number", list: "a list", dict: "a table"}


class Table:
    """A TOML table that is emptied by taking; :meth:`close` complains about what nobody took.

    ``error`` is the class of what is raised: an EngineFault for the course's own files, a UsageError for the learner's.
    """

    def __init__(
        self, file: Path, entries: dict[str, Any], *, at: str = "", error: type[SeamworkError] = EngineFault
    ) -> None:
        self.file = file
        self.at = at
        self.error = error
        self._entries = dict(entries)
        self._known: list[str] = []

    def take(self, key: str, kind: type[T], default: T = _REQUIRED) -> T:
        """Take the value of ``key``, which must be of this kind (a whole number passes for a float)."""
        self._known.append(key)
        if key not in self._entries:
            if default is _REQUIRED:
                raise self._fault(N_("{file} lacks {key}, which is {kind}."), N_("Add it."), key, kind=_KINDS[kind])
            return default
        value = self._entries.pop(key)
        if kind is float and type(value) is int:
            return kind(value)  # type: ignore[call-arg]  # float(int)
        if type(value) is not kind:
            raise self.wrong(key, value, _KINDS[kind])
        return value

    def texts(self, key: str, *, default: list[str] = _REQUIRED) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self.take(key, list, default)
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(key, value, _KINDS[str])
        return tuple(values)

    def table(self, key: str, *, optional: bool = True) -> "Table":
        """Take a table within this one; an empty one where it is optional and absent."""
        entries = self.take(key, dict, {} if optional else _REQUIRED)
        return Table(self.file, entries, at=self._path(key), error=self.error)

    def peek(self, key: str) -> object:
        """Look at a value without taking it; None where there is none."""
        return self._entries.get(key)

    def keys(self) -> tuple[str, ...]:
        """Name what nobody has taken yet, in the file's order."""
        return tuple(self._entries)

    def close(self) -> None:
        """Raise when something was not expected."""
        for key in self._entries:
            raise self._fault(
                N_("{file} has {key}, which means nothing here."),
                N_("Known here: {known}. Mend the name, or take the line out."),
                key,
                known=", ".join(self._known),
            )

    def wrong(self, key: str, value: object, expected: str) -> SeamworkError:
        """Make the error for a value that is not what is expected here."""
        return self._fault(
            N_("{file} says {key} = {value!r}; expected is {expected}."),
            N_("Mend that line."),
            key,
            value=value,
            expected=expected,
        )

    def _path(self, key: str) -> str:
        return f"{self.at}.{key}" if self.at else key

    def _fault(self, message: str, move: str, key: str, **values: Any) -> SeamworkError:
        return self.error(message, move, file=self.file, key=self._path(key), **values)


def read_toml(file: Path, *, error: type[SeamworkError] = EngineFault) -> Table:
    """Read a TOML file as a :class:`Table`. Raises ``error`` when it is absent, unreadable or no TOML."""
    try:
        return Table(file, tomllib.loads(file.read_text("utf-8")), error=error)
    except FileNotFoundError:
        raise error(N_("{file} is not there."), N_("Write it, or put it back from the course."), file=file) from None
    except OSError as reason:
        raise error(N_("{file} cannot be read: {reason}."), file=file, reason=reason.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise error(N_("{file} is no valid TOML: {reason}."), N_("Mend it."), file=file, reason=str(reason)) from None
