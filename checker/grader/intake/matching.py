"""Whose a submission is: by the number a platform gives, by email, by the name of the folder; only ever by the roster.

Learners choose their own display names, so a name never outweighs a number: where the two speak of different people,
nobody is matched, and two numbers that would pass for the same person by name are both left to the instructor.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from checker.errors import N_, Blocked
from checker.grader.intake.layouts import Found
from checker.grader.intake.malformed import shown
from checker.grader.intake.roster import Roster
from checker.grader.model import Student
from checker.report.clean import line

__all__ = ["Matcher", "stranger", "unlisted"]

_SHOWN = 120
_NUMBERS = {"canvas": ("canvas",), "moodle": ("moodle",), "sid": ("sis", "key"), "email": ("email", "login", "key")}
"""In which of the roster's columns a number from a layout is looked for."""


class Matcher:
    """Finds students on a roster."""

    def __init__(self, roster: Roster) -> None:
        self._students = roster.students
        self._by = {kind: _index(self._students, values) for kind, values in _VALUES.items()}

    def student(self, found: Found) -> Student:
        """Return whose it is. Raises Blocked where nobody's, or more than one's, fits."""
        numbered = self._numbered(found)
        named = self._by["name"].get(_letters(found.name), []) if found.name else []
        if numbered and named and numbered not in named and not _same(numbered.name, found.name):
            raise _two(found, numbered, named[0])
        if numbered:
            return numbered
        for matches in self._guesses(found, named):
            if len(matches) == 1:
                return matches[0]
            if matches:
                raise _ambiguous(found, matches)
        raise _nobody(found)

    def _numbered(self, found: Found) -> Student | None:
        for kind, number in found.ids.items():
            for column in _NUMBERS[kind]:
                matches = self._by[column].get(number.casefold(), [])
                if len(matches) == 1:
                    return matches[0]
        return None

    def _guesses(self, found: Found, named: list[Student]) -> Iterator[list[Student]]:
        for folder in found.folders:
            wanted = _plain(folder)
            for kind in ("key", "login", "sis", "canvas", "moodle", "github", "email", "mailbox"):
                yield self._by[kind].get(wanted, [])
            yield self._by["name"].get(_letters(folder), []) if _letters(folder) else []
        if not self._contradicted(found, named):
            yield named

    def _contradicted(self, found: Found, named: list[Student]) -> bool:
        """Tell whether the one of that name has another number on this platform."""
        columns = {column for kind in found.ids for column in _NUMBERS[kind] if column not in {"key", "login"}}
        return any(value for student in named for column in columns for value in _VALUES[column](student))


def unlisted(found: Found) -> Student:
    """Return who this is where there is no roster: as the layout names them."""
    if found.ids:
        key = next(iter(found.ids.values()))
        return Student(_clean(key), _clean(found.name), found.ids.get("email", ""), dict(found.ids))
    return Student(_clean((*found.folders, found.name)[0]), _clean(found.name))


def stranger(found: Found) -> Student:
    """Return who nobody on the roster is; the key is like none that a roster has."""
    return Student(_clean(f"? {found.label}" + f" {_said(found)}" * bool(found.ids)), _clean(found.name))


def _clean(text: str) -> str:
    return line(_nfc(text), _SHOWN)


def _id(kind: str) -> Callable[[Student], str]:
    return lambda student: student.ids.get(kind, "")


_VALUES: dict[str, Callable[[Student], str]] = {
    "key": lambda student: student.key,
    "email": lambda student: student.email,
    "mailbox": lambda student: student.email.partition("@")[0],
    "name": lambda student: student.name,
    **{kind: _id(kind) for kind in ("sis", "login", "canvas", "moodle", "github")},
}


def _index(students: Iterable[Student], values: Callable[[Student], str]) -> dict[str, list[Student]]:
    index: dict[str, list[Student]] = defaultdict(list)
    normal = _letters if values is _VALUES["name"] else _plain
    for student in students:
        if wanted := normal(values(student)):
            index[wanted].append(student)
    return dict(index)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _plain(text: str) -> str:
    return _nfc(text).casefold()


def _letters(name: str) -> str:
    """Return a name's letters in alphabetical order: "Lovelace, Ada", "lovelaceada" and "Ada Lovelace" are the same."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sorted(character for character in folded if character.isalnum()))


def _same(one: str, other: str) -> bool:
    return _letters(one) == _letters(other)


def _nobody(found: Found) -> Blocked:
    return Blocked(
        N_("Nobody on the roster fits {name!r}."),
        N_("Add them to the roster, or name the folder or file after a key of the roster."),
        name=_said(found),
    )


def _ambiguous(found: Found, students: Sequence[Student]) -> Blocked:
    return Blocked(
        N_("{name!r} fits more than one on the roster: {keys}."),
        N_("Name the folder or file after a key of the roster."),
        name=_said(found),
        keys=", ".join(student.key for student in students[:6]),
    )


def _two(found: Found, numbered: Student, named: Student) -> Blocked:
    return Blocked(
        N_("{name!r} bears the number of {numbered!r} and the name of {named!r}."),
        N_("Look at who handed it in, and name the folder after the right one's key."),
        numbered=numbered.key,
        named=named.key,
        name=_said(found),
    )


def _said(found: Found) -> str:
    return shown(" ".join((*found.ids.values(), found.name)).strip() or next(iter(found.folders), found.label))
