"""What stands behind a magic's name, taken apart as a shell would; what cannot be is said in a sentence."""

from __future__ import annotations

import argparse
import re
import shlex
from typing import TYPE_CHECKING, Any, NoReturn

from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["Typed"]

_OPTION = r"--[a-z]+(?:=\S+|\s+\S+)"
_HEAD = re.compile(rf"\s*(?:{_OPTION}\s+)*\S+(?:\s+{_OPTION})*")
"""One word, with options before and behind it."""


class Typed:
    """The form of one magic: ``Typed("hint", "[lab] [check]")`` with options added; ``read(line)`` takes a line apart."""

    def __init__(self, magic: str, usage: str) -> None:
        self._usage = f"%{magic} {usage}".strip()
        self._parser = _Parser(self._usage)
        self._rest = ""

    def word(self, name: str, **how: Any) -> Typed:
        """Add a word that stands in its place."""
        self._parser.add_argument(name, **how)
        return self

    def option(self, *names: str, **how: Any) -> Typed:
        """Add an option."""
        self._parser.add_argument(*names, **how)
        return self

    def rest(self, name: str) -> Typed:
        """Leave what comes behind the first word and its options as it is: it has quotes of its own."""
        self._rest = name
        return self

    def read(self, line: str) -> Namespace:
        """Take a line apart. Raises UsageError that shows how it is written."""
        if not self._rest:
            return self._read(line)
        head = found[0] if (found := _HEAD.match(line)) else ""
        typed = self._read(head)
        setattr(typed, self._rest, line[len(head) :].strip())
        return typed

    def _read(self, line: str) -> Namespace:
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise UsageError(
                N_("{line!r} cannot be read: {error}."),
                N_("It is written so: {usage}"),
                line=line,
                error=error,
                usage=self._usage,
            ) from error
        return self._parser.parse_args(words)


class _Parser(argparse.ArgumentParser):
    def __init__(self, usage: str) -> None:
        super().__init__(prog=usage.partition(" ")[0], usage=usage, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(
            N_("That cannot be read: {said}."),
            N_("It is written so: {usage}"),
            said=message,
            usage=self.usage or self.prog,
        )
