"""How a solution is written: in ruff's form, and clean under ``mypy --strict`` in the tree it is laid out in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from checker.errors import N_, Blocked, EngineFault, SeamworkError

__all__ = ["form"]

SHOWN = 5
"""Complaints of mypy that are shown."""
WIDTH = "line-length = 120"


def form(root: Path, name: str, tree: Path) -> list[SeamworkError]:
    """List what is not formatted or does not type-check in the solution ``name`` ("solutions/01-x"), laid out in ``tree``.

    Raises Blocked where ruff or mypy is not installed.
    """
    for tool in ("ruff", "mypy"):
        if find_spec(tool) is None:
            raise Blocked(
                N_("{tool} is not installed, so nothing can be said of {file}."),
                N_("Run make dev."),
                tool=tool,
                file=name,
            )
    return [*_formatted(root, name), *_typed(root, name, tree)]


def _formatted(root: Path, name: str) -> list[SeamworkError]:
    if not (root / name).is_dir():
        return []
    own = root / "pyproject.toml"
    config = ["--config", str(own)] if own.is_file() else ["--isolated", "--config", WIDTH]
    code, lines = _run(["ruff", "format", "--check", "--no-cache", "--output-format=concise", *config, name], root)
    files = dict.fromkeys(line.partition(":")[0] for line in lines if ": unformatted: " in line)
    if code > 1 and not files:
        return [Blocked(N_("ruff cannot say whether {file} is formatted: {words}"), file=name, words=" ".join(lines))]
    return [EngineFault(N_("{file} is not formatted."), N_("Run ruff format {file}"), file=file) for file in files]


def _typed(root: Path, name: str, tree: Path) -> list[SeamworkError]:
    cache = root / ".mypy_cache" / "verify" / Path(name).name
    options = [
        "--strict",
        "--config-file=",
        f"--cache-dir={cache}",
        "--no-error-summary",
        "--no-color-output",
        "--hide-error-context",
    ]
    code, lines = _run(["mypy", *options, "."], tree)
    if not code:
        return []
    found = [line for line in lines if ": error: " in line]
    if code > 1 and not found:
        return [
            Blocked(
                N_("mypy cannot say whether {file} type-checks: {words}"), file=name, words=" ".join(lines[-SHOWN:])
            )
        ]
    return [
        EngineFault(
            N_("{file} does not type-check: {count} errors, {shown}."),
            N_("Mend them; the paths are those of the tree that the lab ends with."),
            file=name,
            count=len(found),
            shown="; ".join(found[:SHOWN]),
        )
    ]


def _run(command: Sequence[str], folder: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-I", "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()
