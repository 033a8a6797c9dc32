"""A tester that kills itself, while services run in containers, one of them stopped: python killed.py [launcher].

Prints their slot, and waits for the end of its input. With "launcher" that is killed as well.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox
from checker.ledger import Ledger
from checker.runtime.launcher import Launcher


def main() -> None:
    """Start two, stop one, and be gone."""
    tree = Path(tempfile.mkdtemp(prefix="seamwork-attack-"))
    with (
        slots.take() as slot,
        Sandbox(kind="docker", slot=slot) as sandbox,
        Launcher(ledger=Ledger(), cells=sandbox.services) as launcher,
    ):
        for name in ("orders", "shop"):
            process = launcher.start(name, ["/bin/sleep", "600"], {}, tree)
        process.signal(signal.SIGSTOP)
        print(slot, flush=True)
        sys.stdin.read()
        if "launcher" in sys.argv:
            os.kill(launcher.owner, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
