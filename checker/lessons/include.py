"""Take the lines that a lesson shows out of the file they live in, by what they are called there."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence

from checker.course import Course, Lab, Tree
from checker.errors import N_, EngineFault
from checker.lessons.states import tree_of

__all__ = ["excerpt", "included"]

_MARK = re.compile(r"\s*(?:#|//|--|<!--)\s*(?P<what>region|endregion)\b:?\s*(?P<name>[\w-]*)")


def included(course: Course, lab: Lab, named: str) -> str:
    """Return what "solution:shop/points.py#add" names: a state, or ``repo``, a path there, and a region (or all of it).

    Raises EngineFault when there is no such file or region.
    """
    state, _, where = named.partition(":")
    path, _, name = where.partition("#")
    try:
        text = _read(course, lab, state, path)
    except (KeyError, OSError):
        raise EngineFault(
            N_("{lab}: the lesson includes {named!r}, but there is no file {path!r} in {state!r}."),
            N_("Mend the path in the guide."),
            lab=lab.name,
            named=named,
            path=path,
            state=state,
        ) from None
    found = excerpt(path, text, name) if name else text
    if found is None:
        raise EngineFault(
            N_("{lab}: the lesson includes {named!r}, but {path} has nothing called {name!r}."),
            N_("A function, a class, a constant, a TOML table, or lines between # region: {name} and # endregion."),
            lab=lab.name,
            named=named,
            path=path,
            name=name,
        )
    return found


def excerpt(path: str, text: str, name: str) -> str | None:
    """Return the region of this name; else what Python or TOML calls so; None when there is nothing of that name."""
    lines = text.splitlines()
    found = _region(lines, name) or (_python(text, lines, name) if path.endswith(".py") else None)
    if found is None and path.endswith(".toml"):
        found = _table(lines, name)
    return textwrap.dedent("\n".join(found)).strip("\n") if found else None


def _read(course: Course, lab: Lab, state: str, path: str) -> str:
    if state == "repo":
        return (course.root / path).read_text("utf-8")
    tree: Tree = tree_of(course, lab, state)
    return tree[path].data.decode()


def _region(lines: Sequence[str], name: str) -> list[str] | None:
    inside: list[str] | None = None
    for line in lines:
        mark = _MARK.match(line)
        if mark and mark["what"] == "region" and mark["name"] == name:
            inside = []
        elif mark and mark["what"] == "endregion" and inside is not None and mark["name"] in ("", name):
            return inside
        elif inside is not None and not mark:
            inside.append(line)
    return None


def _python(text: str, lines: Sequence[str], name: str) -> list[str] | None:
    """Find a function, class or constant, decorators and all; "Class.method" looks inside."""
    body: Sequence[ast.stmt] = ast.parse(text).body
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((each for each in body if part in _names(each)), None)
        if node is None:
            return None
        body = node.body if isinstance(node, ast.ClassDef) else []
    if node is None or node.end_lineno is None:
        return None
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return list(lines[first - 1 : node.end_lineno])


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    yield from (each.id for each in targets if isinstance(each, ast.Name))


def _table(lines: Sequence[str], name: str) -> list[str] | None:
    starts = [number for number, line in enumerate(lines) if line.strip() == f"[{name}]"]
    if not starts:
        return None
    after = range(starts[0] + 1, len(lines))
    end = next((number for number in after if lines[number].startswith("[")), len(lines))
    return [line for line in lines[starts[0] : end] if line.strip()]
