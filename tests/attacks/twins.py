"""A worker with a warm launcher, and two testers with a twin of it each: python twins.py. Prints what a service sees there."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox, seen
from checker.ledger import Ledger
from checker.runtime.environment import environment_of
from checker.runtime.launcher import Launcher, Twin

CODE = "import os, sys; print(os.getuid(), os.getpid(), 'decimal' in sys.modules, len(os.listdir('/proc/self/fd')) - 1)"
ENV = seen(environment_of(Path(sys.executable)))


def tester(twin: Twin, slot: int, tree: Path) -> list[str]:
    """Be the tester of one submission."""
    with Sandbox(slot=slot) as sandbox, Launcher(ledger=Ledger(), cells=sandbox.services, twin=twin) as launcher:
        process = launcher.start("orders", [sys.executable, "-m", "it"], ENV, tree, fork=True)
        process.wait(20)
        time.sleep(0.1)
        return [process.cold, *process.last_lines]


def main() -> dict[str, object]:
    """Have two submissions one after the other; then end the worker's own launcher."""
    tree = Path(tempfile.mkdtemp(prefix="seamwork-attack-"))
    (tree / "it.py").write_text(CODE, "utf-8")
    said = []
    with (
        Launcher(preload=["decimal"], ledger=Ledger(), environment=ENV) as warm,
        slots.take() as one,
        slots.take() as another,
    ):
        for slot in (one, another):
            twin = warm.twin()
            read, write = os.pipe()
            if os.fork() == 0:
                os.write(write, json.dumps(tester(twin, slot, tree)).encode())
                os._exit(0)
            os.close(write)
            twin.close()
            with open(read, encoding="utf-8") as file:
                said.append(json.loads(file.read()))
            os.wait()
    return {"said": said}


if __name__ == "__main__":
    print(json.dumps(main()))
