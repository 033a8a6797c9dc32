"""How programs in a cell end, as the checker hears it: python fates.py KIND."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from checker.errors import EngineFault
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox
from checker.ledger import Ledger
from checker.runtime.launcher import Launcher, Process
from checker.wait import until

POLITE = "trap 'sleep 0.2; exit 7' TERM; echo up; while :; do sleep 0.02; done"


def main(kind: str) -> dict[str, object]:
    """Start programs that end in every way."""
    tree = Path(tempfile.mkdtemp())
    with (
        slots.take() as slot,
        Sandbox(kind=kind, slot=slot) as sandbox,
        Launcher(ledger=Ledger(), cells=sandbox.services) as launcher,
    ):

        def shell(script: str) -> Process:
            return launcher.start("orders", ["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, tree)

        def stopped(script: str) -> int | None:
            process = shell(script)
            assert until(lambda: process.last_lines, within=10)
            process.stop(5)
            return process.returncode

        fates: dict[str, object] = {
            "exits": shell("exit 3").wait(10),
            "killed": shell("kill -9 $$").wait(10),
            "polite": stopped(POLITE),
            "simple": stopped("echo up; exec sleep 30"),
        }
        try:
            launcher.start("orders", ["/bin/nothing"], {}, tree)
        except OSError as error:
            fates["missing"] = type(error).__name__
        sandbox.house("orders").cgroups.append("/sys/fs/cgroup/nowhere/cgroup.procs")
        try:
            launcher.start("orders", ["/bin/true"], {}, tree)
        except EngineFault as error:
            fates["no cell"] = str(error)
        return fates


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
