"""The instructor's own checks: a folder that no learner ever sees.

    hidden/
      checks/test_*.py    checks as a lab's are; the docstring is the title that learners see
      checks/conftest.py  what they share, if anything
      private.toml        [checks.test_x] points = 2, title = { en = "…", zh = "…" }: both may be left out

They run after all others, on new systems and new databases. What leaves the tester is each check's name, title and outcome.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from checker.course import LANGUAGES, CheckMeta, Lab, read_tree
from checker.course.strict import read_toml
from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checker.course import Tree
    from checker.course.strict import Table

__all__ = ["checks_in", "private_lab", "read_private", "titled"]

TOML = "private.toml"


def read_private(folder: Path) -> Tree:
    """Read the folder. Raises UsageError where it holds no check, EngineFault where it is not what it should be."""
    if not any(folder.glob("checks/test_*.py")):
        raise UsageError(
            N_("There are no checks in {folder}."),
            N_("Private checks lie in {folder}/checks/test_*.py, and what they are worth in {folder}/private.toml."),
            folder=folder,
        )
    return read_tree(folder)


def private_lab(folder: Path, lab: Lab) -> Lab:
    """Return the private checks as a lab in the place of ``lab``. Raises EngineFault on what cannot be read."""
    return replace(lab, folder=folder, said=_said(folder / TOML), replaces=(), weight=0.0)


def checks_in(folder: Path, lab: Lab) -> Mapping[str, CheckMeta]:
    """Return each private check by name: what it is worth, and its title as its claim. Raises as :func:`private_lab` does."""
    found = private_lab(folder, lab)
    titles = {name: said.claim for name, said in found.said.items()}
    return {name: replace(check, claim={**check.claim, **titles.get(name, {})}) for name, check in found.checks.items()}


def titled(check: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return what may be known of a private check: no wire, no logs, no message, which could quote either."""
    return {name: check[name] for name in ("name", "lab", "outcome", "blocked_by", "points")} | {"claim": title}


def _said(file: Path) -> dict[str, CheckMeta]:
    if not file.exists():
        return {}
    table = read_toml(file)
    checks = table.table("checks")
    table.close()
    return {name: _check(checks.table(name)) for name in checks.keys()}  # noqa: SIM118  (taking empties it)


def _check(table: Table) -> CheckMeta:
    titles = table.table("title")
    title = {language: words for language in LANGUAGES if (words := titles.take(language, str, ""))}
    check = CheckMeta(title, table.take("points", float, 1.0))
    titles.close()
    table.close()
    return check
