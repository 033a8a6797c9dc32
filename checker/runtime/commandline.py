"""Read a command line as a shell would, as far as it is simple: assignments, quotes, variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["NotSimple", "simple"]

_VARIABLE = r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::-[^'\"`$\\{}~]*)?\})"
_TOKEN = re.compile(
    rf"""(?P<blank>[ \t]+(?:\#.*)?)
       | '(?P<single>[^']*)'
       | "(?P<double>(?:[^"\\`$]|\\.|{_VARIABLE})*)"
       | \\(?P<escaped>.)
       | (?P<variable>{_VARIABLE})
       | (?P<plain>[^\s'"\\$`&|;<>()*?\[\]{{}}!~\#][^\s'"\\$`&|;<>()*?\[\]{{}}!~]*)
    """,
    re.VERBOSE | re.ASCII,
)
_IN_QUOTES = re.compile(rf'\\(?P<escaped>[$`"\\])|(?P<variable>{_VARIABLE})|(?P<other>(?s:.))', re.ASCII)
_NAMED = re.compile(r"\$\{?(?P<name>\w+)(?P<alternative>:-)?(?P<default>[^}]*)", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
_GLOB = re.compile(r"[*?\[\\]")
_SHELL_WORDS = frozenset(
    ". : [ alias bg break case cd command continue do done elif else esac eval exec exit export fg fi for function getopts"  # noqa: SIM905  (one word for each)
    " hash if jobs local read readonly return set shift source then time times trap type ulimit umask unalias unset until"
    " wait while".split()
)
"""What only a shell can do, or does itself."""


class NotSimple(Exception):  # noqa: N818  (an answer, not a defect)
    """The line says something that only a shell understands."""


def simple(command: str, env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the words of the command and the variables assigned in front of it. Raises NotSimple."""
    argv: list[str] = []
    assigned: dict[str, str] = {}
    for parts in _words(command):
        named = _ASSIGNMENT.fullmatch(parts[0][1]) if not argv and parts[0][0] == "plain" else None
        if named:
            seen = {**env, **assigned}
            assigned[named[1]] = named[2] + "".join(_text(kind, text, seen) for kind, text in parts[1:])
        else:
            argv += _split(parts, env)
    if not argv or argv[0] in _SHELL_WORDS:
        raise NotSimple
    return argv, assigned


def _words(command: str) -> Iterator[list[tuple[str, str]]]:
    """Yield each word as its parts: what kind of quoting, and the text."""
    word: list[tuple[str, str]] = []
    at = 0
    while at < len(command):
        token = _TOKEN.match(command, at)
        if token is None or token.lastgroup is None or (at == 0 and command[0] == "#"):
            raise NotSimple
        if token.lastgroup == "blank":
            if word:
                yield word
            word = []
        else:
            word.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    if word:
        yield word


def _split(parts: list[tuple[str, str]], env: Mapping[str, str]) -> list[str]:
    """Return the words that one word becomes: an unquoted variable may hold none, or several."""
    words: list[str] = []
    current: str | None = None
    for kind, text in parts:
        value = _text(kind, text, env)
        if kind != "variable":
            current = (current or "") + value
            continue
        if _GLOB.search(value):
            raise NotSimple
        fields = re.split(r"[ \t\n]+", value)
        for number, piece in enumerate(fields):
            if number and current is not None:
                words.append(current)
                current = None
            if piece:
                current = (current or "") + piece
    return words if current is None else [*words, current]


def _text(kind: str, text: str, env: Mapping[str, str]) -> str:
    if kind == "variable":
        return _value(text, env)
    if kind == "double":
        return "".join(
            _value(piece["variable"], env) if piece["variable"] else piece["escaped"] or piece["other"]
            for piece in _IN_QUOTES.finditer(text)
        )
    return text


def _value(text: str, env: Mapping[str, str]) -> str:
    named = _NAMED.match(text)
    if named is None:
        raise NotSimple
    value = env.get(named["name"], "")
    return named["default"] if named["alternative"] and not value else value
