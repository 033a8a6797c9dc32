"""How much was written by hand between two trees: added lines, and those of them that are logic."""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from checker.course.tree import File, Tree

__all__ = ["Change", "changed_lines"]

_SAYS_NOTHING = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


@dataclass(frozen=True, slots=True)
class Change:
    """Counts of lines. ``logic`` of the ``added`` ones is code that was not merely moved from elsewhere in the tree.

    Blank lines, comments, docstrings, imports and prose are not logic.
    """

    added: int = 0
    removed: int = 0
    moved: int = 0
    logic: int = 0
    files: tuple[str, ...] = ()  # paths that were added, changed or deleted


def changed_lines(start: Tree, end: Tree) -> Change:
    """Count the lines between two trees, as a diff shows them. Files that are no UTF-8 text count as files only."""
    paths = tuple(path for path in sorted({*start, *end}) if start.get(path) != end.get(path))
    added: list[tuple[str, bool]] = []
    removed: list[str] = []
    for path in paths:
        before, after = _lines(start.get(path)), _lines(end.get(path))
        code = _code_lines(path, after)
        for old, new in _edits(before, after):
            removed += before[old.start : old.stop]
            added += [(after[number], number in code) for number in new]
    moved = _moved(added, removed)
    return Change(len(added), len(removed), moved, sum(logic for _, logic in added) - moved, paths)


def _moved(added: list[tuple[str, bool]], removed: list[str]) -> int:
    written = Counter(line.strip() for line, logic in added if logic)
    return (written & Counter(line.strip() for line in removed)).total()


def _lines(file: File | None) -> list[str]:
    try:
        return file.data.decode().splitlines() if file else []
    except UnicodeDecodeError:
        return []


def _edits(before: list[str], after: list[str]) -> Iterator[tuple[range, range]]:
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            yield range(i, j), range(k, m)


def _code_lines(path: str, lines: list[str]) -> set[int]:
    if path.endswith((".md", ".txt", ".ipynb")):
        return set()
    if path.endswith(".py"):
        return _python_lines("\n".join(lines) + "\n")
    return {number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")}


def _python_lines(source: str) -> set[int]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, tokenize.TokenError):
        return {number for number, line in enumerate(source.splitlines()) if line.strip()}
    code = {line for t in tokens if t.type not in _SAYS_NOTHING for line in range(t.start[0] - 1, t.end[0])}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Expr) and _says_nothing(node):
            code.difference_update(range(node.lineno - 1, node.end_lineno or node.lineno))
    return code


def _says_nothing(node: ast.stmt) -> bool:
    """Tell imports and docstrings from logic."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return True
