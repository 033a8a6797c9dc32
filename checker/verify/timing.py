"""Checks in which time is the point: while one of them runs, nothing else may run on the machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checker.course import Lab
from checker.verify.rows import Pass

__all__ = ["alone", "beside", "timed"]


def timed(lab: Lab) -> frozenset[str]:
    """Name the lab's checks that are marked ``timing``."""
    files = sorted((lab.folder / "checks").glob("test_*.py"))
    return frozenset(name for file in files for name in _marked(ast.parse(file.read_text("utf-8"))))


def beside(lab: Lab, passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """Return the part of a row that may run beside others."""
    if not (names := timed(lab)):
        return tuple(passes)
    return _narrowed(passes, [name for name in lab.checks if name not in names])


def alone(lab: Lab, passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """Return the part of a row that wants the machine for itself: each of its checks once."""
    narrowed = _narrowed(passes, sorted(timed(lab)))
    names = dict.fromkeys(name for each in narrowed for name in each.only)
    return (Pass(only=tuple(names)),) if names else ()


def _narrowed(passes: Sequence[Pass], names: Sequence[str]) -> tuple[Pass, ...]:
    kept = (replace(each, only=tuple(n for n in names if not each.only or n in each.only)) for each in passes)
    return tuple(each for each in kept if each.only)


def _marked(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and any(_is_timing(each) for each in node.decorator_list):
            yield node.name


def _is_timing(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).partition("(")[0] == "pytest.mark.timing"
