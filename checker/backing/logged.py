"""Start a program with its output in a file of ours: what it said explains why it ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from checker.backing.starter import Started, Starter

__all__ = ["LAST", "run_logged", "start_logged", "tail"]

LAST = 600
"""Characters of a log that a message quotes."""

PASSED_ON = ("PATH", "TMPDIR", "TZ", "SYSTEMROOT")


def start_logged(
    starter: Starter,
    name: str,
    argv: Sequence[str],
    log: Path,
    *,
    uid: int | None,
    env: Mapping[str, str] | None = None,
) -> Started:
    """Start ``argv`` with its output appended to ``log``, in that file's folder, in ``env`` or an environment of our own."""
    env = env or {key: os.environ[key] for key in PASSED_ON if key in os.environ} | {"LC_ALL": "C"}
    env = {**env, "SEAMWORK_LOG": str(log)}
    shell = ["/bin/sh", "-c", 'umask 077; exec "$0" "$@" >>"$SEAMWORK_LOG" 2>&1', *argv]
    return starter.start(name, shell, env, log.parent, uid)


def run_logged(
    starter: Starter,
    name: str,
    argv: Sequence[str],
    log: Path,
    *,
    uid: int | None,
    within: float,
    env: Mapping[str, str] | None = None,
) -> tuple[int | None, str]:
    """Run ``argv`` to its end and return its exit code (None: stopped after ``within`` seconds) and what it said."""
    process = start_logged(starter, name, argv, log, uid=uid, env=env)
    try:
        until(lambda: process.returncode is not None, within=within)
        return process.returncode, tail(log)
    finally:
        process.stop()


def tail(log: Path) -> str:
    """Return the end of what was logged; empty when there is nothing."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4 * LAST))
            return file.read().decode(errors="replace").strip()[-LAST:]
    except OSError:
        return ""
