"""Makes one cell, runs something in it, and says what is there: python -m checker.grader.sandbox.probe KIND."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from checker.errors import SeamworkError
from checker.grader.sandbox import slots
from checker.grader.sandbox.calls import seccomp
from checker.grader.sandbox.sandbox import Sandbox
from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher
from checker.runtime.locked import SCOPES, landlock_abi

__all__: list[str] = []


def _probe(kind: str) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="seamwork-probe-") as folder,
        slots.take() as slot,
        Sandbox(kind=kind, slot=slot) as sandbox,
    ):
        Path(folder, "words").write_text("in a cell", "ascii")  # who sees these sees the tree
        env = sandbox.services.environment(environment_of(Path(sys.executable)))
        with Launcher(ledger=Ledger(), environment=env, cells=sandbox.services) as launcher:
            process = launcher.start(
                "probe", [sys.executable, "-I", "-S", "-c", "print(open('words').read())"], env, Path(folder)
            )
            code = process.wait(20)
            why = "" if "in a cell" in process.last_lines else f"{code}: {' '.join(process.last_lines[-2:])}"
        there = {"users": os.geteuid() == 0, "landlock": landlock_abi() > 0, "scopes": landlock_abi() >= SCOPES}
        groups = {name: name in sandbox.groups for name in ("memory", "pids")}
        return {"why": why, "there": {**there, **groups, "seccomp": bool(seccomp())}}


def _found(kind: str) -> dict[str, Any]:
    try:
        return _probe(kind)
    except SeamworkError as error:
        return {"why": str(error)}


if __name__ == "__main__":
    print(json.dumps(_found(sys.argv[1])))  # noqa: T201  (to whoever started us)
