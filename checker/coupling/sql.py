"""Which tables a statement touches: a small reader of SQL that says so when it does not know.

It reads words after FROM, JOIN, USING, UPDATE and INTO, and knows strings, comments, quoted names, common table
expressions, functions in FROM, and the places where these words mean something else (EXTRACT(year FROM …),
IS DISTINCT FROM, FOR UPDATE, DO UPDATE). What a function or a trigger does inside cannot be seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Touched", "tables", "tag"]

_TAG = re.compile(r"/\*\s*domain:([\w.-]+)\s*\*/")
_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|\s+                        # nothing
    |(?P<text>[Ee]'(?:[^'\\]|''|\\.)*'|(?:[BbXxNn]|[Uu]&)?'(?:[^']|'')*'|\$(?P<mark>\w*)\$.*?\$(?P=mark)\$)
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<word>[^\W\d][\w$]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def _these(words: str) -> frozenset[str]:
    return frozenset(words.split())


_QUIET = _these(
    "begin start commit rollback end abort savepoint release set reset show discard deallocate prepare execute close"
    " fetch listen unlisten notify checkpoint values"
)
_READABLE = _these("select insert update delete with truncate merge table copy lock")
_NAMES_FIRST = _these("truncate copy lock table")
_END_OF_LIST = _these("where group having window order limit offset fetch for returning set union except")
_NO_ALIAS = _END_OF_LIST | _these(
    "on using join inner left right full cross natural values select default overriding intersect when"
)
_TAKES_FROM = _these("extract substring trim overlay position")
_CATALOG = ("pg_", "information_schema")


@dataclass(frozen=True)
class Touched:
    """Tables read and written, by name without schema. ``opaque``: the statement could not be read."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    opaque: bool = False

    @property
    def touched(self) -> frozenset[str]:
        """Both."""
        return self.reads | self.writes


@dataclass
class _Frame:
    """What lies between two parentheses: whether commas separate tables here, and whether FROM means something else."""

    listing: bool = False
    function: bool = False


@dataclass
class _Reader:
    tokens: list[tuple[str, str]]  # kind and value; words in lower case
    at: int = 0
    frames: list[_Frame] = field(default_factory=lambda: [_Frame()])
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)

    def word(self, ahead: int = 0) -> str:
        kind, value = self.peek(ahead)
        return value if kind == "word" else ""

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        place = self.at + ahead
        return self.tokens[place] if 0 <= place < len(self.tokens) else ("", "")

    def read(self) -> None:
        while self.at < len(self.tokens):
            self.step()

    def step(self) -> None:
        kind, value = self.peek()
        before, frame = self.word(-1), self.frames[-1]
        self.at += 1
        if kind == "word":
            self.keyword(value, before, frame)
        elif value == "(":
            self.frames.append(_Frame(function=before in _TAKES_FROM))
        elif value == ")" and len(self.frames) > 1:
            self.frames.pop()
        elif value == "," and frame.listing:
            self.table(self.reads)

    def keyword(self, word: str, before: str, frame: _Frame) -> None:
        if word == "from" and not frame.function and before != "distinct":
            frame.listing = before != "delete"
            self.table(self.writes if before == "delete" else self.reads)
        elif word == "join":
            self.table(self.reads)
        elif word == "using" and self.peek()[1] != "(" and before != "by":
            frame.listing = True
            self.table(self.reads)
        elif word == "into" or (word == "update" and before not in ("for", "do", "key", "on", "then")):
            self.table(self.writes)
        elif word in _END_OF_LIST:
            frame.listing = False

    def table(self, into: set[str]) -> None:
        """Take the table that stands here, if one does: not a subquery, not a function."""
        while self.word() in ("only", "lateral", "table", "temp", "temporary", "unlogged"):
            self.at += 1
        name = self.name()
        if name and (into is self.writes or self.peek()[1] != "("):
            into.add(name)
            self.alias()

    def name(self) -> str:
        parts = []
        while self.peek()[0] in ("word", "quoted"):
            parts.append(self.peek()[1])
            self.at += 1
            if self.peek()[1] != ".":
                break
            self.at += 1
        catalog = parts and parts[0].startswith(_CATALOG)
        return "" if catalog or not parts else parts[-1]

    def alias(self) -> None:
        if self.word() == "as":
            self.at += 1
        if self.peek()[0] == "quoted" or (self.word() and self.word() not in _NO_ALIAS):
            self.at += 1


def tables(sql: str) -> Touched:
    """Return the tables that one statement touches; none for BEGIN, SET and their like."""
    tokens = _tokens(sql)
    first = tokens[0][1] if tokens else ""
    if not first or first in _QUIET:
        return Touched()
    if first not in _READABLE:
        return Touched(opaque=True)
    reader = _Reader(tokens)
    if first in _NAMES_FIRST:
        reader.at = 1
        reader.table(reader.writes if first in ("truncate", "copy") else reader.reads)
        while first in ("truncate", "lock") and reader.peek()[1] == ",":
            reader.at += 1
            reader.table(reader.writes if first == "truncate" else reader.reads)
    reader.read()
    own = _common(tokens) if first == "with" else frozenset()
    return Touched(frozenset(reader.reads) - own, frozenset(reader.writes) - own)


def tag(sql: str) -> str:
    """Return the domain that a statement is tagged with (``/* domain:orders */``), "" for none."""
    found = _TAG.search(sql)
    return found[1] if found else ""


def _tokens(sql: str) -> list[tuple[str, str]]:
    found = []
    for match in _TOKEN.finditer(sql):
        kind, value = match.lastgroup or "", match[0]
        if match["word"] is not None:
            found.append(("word", value.lower()))
        elif match["quoted"] is not None:
            found.append(("quoted", value[1:-1].replace('""', '"')))
        elif kind:
            found.append(("text" if match["text"] is not None else "other", value))
    return found


def _common(tokens: list[tuple[str, str]]) -> frozenset[str]:
    """Return the names of common table expressions: ``name AS (``, ``name (a, b) AS (``."""
    names, depth = set(), 0
    for at, (kind, value) in enumerate(tokens):
        depth += (value == "(") - (value == ")")
        opens = at + 1 < len(tokens) and tokens[at + 1][1] in ("(", "as")
        if depth == 0 and kind in ("word", "quoted") and opens and tokens[at - 1][1] in ("with", "recursive", ","):
            names.add(value)
    return frozenset(names)
