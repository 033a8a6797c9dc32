"""Which tables a statement touches, as sqlglot reads it.

What a function, a trigger or a view does inside cannot be seen; nor what EXECUTE and FETCH refer to.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from checker.evidence.taps.postgres_text import verb

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["Touched", "touched"]

LONG = 16_384
"""Characters; of a longer INSERT the values are not read."""

_QUIET = frozenset(
    [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE",
        "SET",
        "RESET",
        "SHOW",
        "DISCARD",
        "DEALLOCATE",
        "PREPARE",
        "EXECUTE",
        "CLOSE",
        "FETCH",
        "MOVE",
        "LISTEN",
        "UNLISTEN",
        "NOTIFY",
        "CHECKPOINT",
    ]
)
_BEFORE = {
    "EXPLAIN": re.compile(r"\s*explain\s*(?:\([^)]*\)|(?:\s*(?:analyze|verbose)\b)*)", re.IGNORECASE),
    "DECLARE": re.compile(r"\s*declare\b.*?\bcursor\b.*?\bfor\b", re.IGNORECASE | re.DOTALL),
}
"""What stands before a statement of which these verbs make something else."""
_LOCK = re.compile(
    r"\s*lock\s+(?:table\s+)?(.*?)\s*(?:\bin\s[\w\s]+mode\b.*|\bnowait\b.*|$)", re.IGNORECASE | re.DOTALL
)
_REFRESH = re.compile(r"\s*refresh\s+materialized\s+view\s+(?:concurrently\s+)?([\w.\"]+)", re.IGNORECASE)
_COPY = re.compile(  # sqlglot does not know all of its options
    r"""\s*copy\s+((?:"(?:[^"]|"")*+"|[\w$.]+)++)\s*(?:\([^)]*\)\s*)?\b(from|to)\b""", re.IGNORECASE
)
_VALUES = re.compile(r"\bvalues\s*\(", re.IGNORECASE)
_CATALOG = ("pg_", "information_schema")
_WRITERS = ("Insert", "Update", "Delete", "Merge", "Create", "Alter")


@dataclass(frozen=True)
class Touched:
    """Tables read and written, by name without schema; catalogs are left out. ``opaque``: it could not be read."""

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    opaque: bool = False

    @property
    def tables(self) -> frozenset[str]:
        """Both."""
        return self.reads | self.writes


@lru_cache(1024)
def touched(sql: str) -> Touched:
    """Return the tables that one statement touches; none for BEGIN, SET and their like."""
    what = verb(sql)
    if not what or what.split()[0] in _QUIET:
        return Touched()
    if what in _BEFORE and (match := _BEFORE[what].match(sql)):
        return touched(sql[match.end() :])
    if what == "LOCK" and (match := _LOCK.match(sql)):
        return Touched(reads=frozenset(_plain(name) for name in match[1].split(",")))
    if what == "REFRESH" and (match := _REFRESH.match(sql)):
        return Touched(writes=frozenset({_plain(match[1])}))
    if what == "COPY" and (match := _COPY.match(sql)):
        table = frozenset({_plain(match[1])})
        return Touched(writes=table) if match[2].lower() == "from" else Touched(reads=table)
    return _read(_without_values(sql) if len(sql) > LONG else sql)


def _read(sql: str) -> Touched:
    tree = _parsed(sql)
    if tree is None:
        return Touched(opaque=True)
    written = {id(table) for table in _targets(tree)}
    reads: set[str] = set()
    writes: set[str] = set()
    for table in _tables(tree):
        (writes if id(table) in written else reads).add(_name(table.this))
    return Touched(frozenset(reads), frozenset(writes))


def _parsed(sql: str) -> exp.Expr | None:
    import sqlglot  # noqa: PLC0415  (a tenth of a second, and few ask)

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what it does not know
    try:
        tree = sqlglot.parse_one(sql, read="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    return None if tree is None or type(tree).__name__ == "Command" else tree


def _tables(tree: exp.Expr) -> list[exp.Table]:
    from sqlglot import exp  # noqa: PLC0415

    found = tree.find_all(exp.Table)
    return [
        table
        for table in found
        if isinstance(table.this, exp.Identifier)
        and not table.name.startswith(_CATALOG)
        and not table.db.startswith(_CATALOG)
        and (table.db or not _is_common(table))
    ]


def _targets(tree: exp.Expr) -> list[Any]:
    """Return the tables that are written."""
    from sqlglot import exp  # noqa: PLC0415

    found: list[Any] = []
    for node in tree.walk():
        kind = type(node).__name__
        if kind in _WRITERS:
            found.append(_target(node.this))
        elif kind in ("TruncateTable", "Drop"):
            found += node.find_all(exp.Table)
        elif kind == "Into" or (kind == "Select" and node.args.get("into")):
            found.append(_target(node.this if kind == "Into" else node.args["into"].this))
    return [each for each in found if isinstance(each, exp.Table)]


def _target(node: Any) -> Any:
    """Return the table in it: behind a list of columns, or the one that an index is on."""
    while type(node).__name__ in ("Schema", "Index"):
        node = node.args.get("table") or node.this
    return node


def _is_common(table: exp.Table) -> bool:
    """Whether its name is that of a common table expression which can be seen from where it stands."""
    inside: Any = table
    node: Any = table.parent
    while node is not None:
        for each in _common(node, inside):
            if each.alias == table.name:
                return True
        inside, node = node, node.parent
    return False


def _common(node: Any, inside: Any) -> list[Any]:
    if type(node).__name__ == "With":  # in one of them: those before it, and itself if it may
        found = list(node.expressions)
        at = next((n for n, each in enumerate(found) if each is inside), len(found))
        return found if node.args.get("recursive") else found[:at]
    clause = node.args.get("with_") or node.args.get("with")
    return list(clause.expressions) if clause is not None and clause is not inside else []


def _without_values(sql: str) -> str:
    match = _VALUES.search(sql)
    return sql[: match.start()] + "VALUES (1)" if match else sql


def _name(identifier: Any) -> str:
    """Return a name as the server has it: in lower case, unless it is quoted."""
    name: str = identifier.this
    return name if identifier.args.get("quoted") else name.lower()


def _plain(name: str) -> str:
    last = name.strip().rstrip("*").removeprefix("only ").removeprefix("ONLY ").strip().split(".")[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()
