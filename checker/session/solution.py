"""Our solution of a lab, for who has passed it."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, NamedTuple

from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.course import Lab, Tree, Workspace

__all__ = ["Solution", "solution_of"]


class Solution(NamedTuple):
    """``why``: WHY.md, "" where there is none; ``diff``: from the lab's start to our end, as ``diff -u`` says it."""

    why: str
    diff: str


def solution_of(space: Workspace, lab: Lab, *, reveal: bool) -> Solution:
    """Return ours. Raises UsageError while theirs has not passed, unless ``reveal``."""
    run = space.progress().get(lab.name)
    if not reveal and not (run and run.done):
        raise UsageError(
            N_("Yours has not passed lab {lab} yet; ours would take the fun out of it."),
            N_("If you want it all the same: seamwork solution {lab} --reveal"),
            lab=lab.number,
        )
    why = space.course.solution(lab).folder / "WHY.md"
    diff = "".join(_diff(space.course.start(lab), space.course.end(lab)))
    return Solution(why.read_text("utf-8") if why.is_file() else "", diff)


def _diff(start: Tree, end: Tree) -> Iterator[str]:
    for path in sorted({*start, *end}):
        if start.get(path) != end.get(path):
            before, after = (
                tree[path].data.decode(errors="replace").splitlines(keepends=True) if path in tree else []
                for tree in (start, end)
            )
            yield from unified_diff(before, after, f"start/{path}", f"solution/{path}")
