"""SQL as a row of words: where one statement ends, and what it does. What it touches is ``postgres_tables``'s."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

__all__ = ["is_verb", "statements", "verb"]

_TOKEN = re.compile(
    r"""--[^\n]*|(?P<comment>/\*)|\s+
    |[Ee]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\$(?P<mark>[^\W\d]\w*|)\$.*?\$(?P=mark)\$|"(?:[^"]|"")*"
    |(?P<word>[^\W\d][\w$]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")
_KINDS = {"create", "alter", "drop"}
_MODIFIERS = {
    "or",
    "replace",
    "temp",
    "temporary",
    "unlogged",
    "unique",
    "global",
    "local",
    "recursive",
    "trusted",
    "constraint",
    "event",
}
_SAME = {"start": "BEGIN", "end": "COMMIT", "abort": "ROLLBACK", "table": "SELECT", "values": "SELECT"}
_MAIN = {"select", "insert", "update", "delete", "merge", "values", "table"}
_ATOMIC = re.compile(r"\bbegin\s+atomic\b", re.IGNORECASE)


def statements(sql: str) -> list[tuple[int, int]]:
    """Return where each statement of a text begins and ends, without its semicolon; empty ones are left out."""
    if ";" not in sql[:-1] or _ATOMIC.search(sql):  # a body of statements is one of them: rare, and whole texts
        end = len(sql) - sql.endswith(";")
        return [(0, end)] if any(_words(sql[:end])) else []
    found, start = [], 0
    for match in _tokens(sql):
        if match["other"] == ";":
            found.append((start, match.start()))
            start = match.end()
    return [(a, b) for a, b in [*found, (start, len(sql))] if any(_words(sql[a:b]))]


@lru_cache(1024)
def verb(sql: str) -> str:
    """Return what a statement does: "SELECT", "INSERT", "CREATE TABLE", "COMMIT"; "" if it is empty.

    END is COMMIT, ABORT is ROLLBACK, START TRANSACTION is BEGIN; WITH … INSERT is INSERT. ROLLBACK TO a savepoint is
    "ROLLBACK TO", and what belongs to two-phase commit has two words as well.
    """
    words = list(islice(_words(sql), 12))
    if not words:
        return ""
    first = words[0]
    if first == "with":
        return _main(sql)
    if first in _KINDS:
        return " ".join([first, *_kind_of(words[1:])]).upper()
    return _two_words(first, words[1:]) or _SAME.get(first, first.upper())


def is_verb(found: str, wanted: str) -> bool:
    """Whether a verb is the one that is wanted: "CREATE" is all of "CREATE TABLE", "CREATE INDEX", …."""
    wanted = wanted.upper()
    return found == wanted or found.startswith(wanted + " ")


def _two_words(first: str, rest: list[str]) -> str:
    rest = [word for word in rest if word not in ("work", "transaction")] if first != "prepare" else rest
    if first in ("rollback", "abort") and rest[:1] == ["to"]:
        return "ROLLBACK TO"
    if first in ("commit", "rollback") and rest[:1] == ["prepared"]:
        return f"{first.upper()} PREPARED"
    return "PREPARE TRANSACTION" if first == "prepare" and rest[:1] == ["transaction"] else ""


def _kind_of(words: list[str]) -> list[str]:
    words = [word for word in words if word not in _MODIFIERS]
    return words[: 2 if words[:1] in (["materialized"], ["foreign"]) else 1]


def _main(sql: str) -> str:
    """Return the verb behind the common table expressions."""
    depth = 0
    for match in _tokens(sql):
        depth += (match["other"] == "(") - (match["other"] == ")")
        word = (match["word"] or "").lower()
        if depth == 0 and word in _MAIN:
            return _SAME.get(word, word.upper())
    return "WITH"


def _words(sql: str) -> Iterator[str]:
    """Return its words in lower case; anything else that says something, but opening parentheses, is no word: ""."""
    for match in _tokens(sql):
        if match["word"]:
            yield match["word"].lower()
        elif match["other"] not in (None, "(") or match[0][0] in "'\"$Ee":
            yield match["other"] or match[0]


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    """Return all there is but comments, which may hold others; one without an end goes to the end of the text."""
    at = 0
    while match := _TOKEN.match(sql, at):
        if match["comment"]:
            at = _behind_comment(sql, match.end())
        else:
            at = match.end()
            yield match


def _behind_comment(sql: str, at: int) -> int:
    depth = 1
    for match in _COMMENT.finditer(sql, at):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return match.end()
    return len(sql)
