"""A tester with a tree that brings a Python of its own: python interpreter.py KIND. Prints whether that ran outside."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from checker.course import Course, root
from checker.errors import SeamworkError
from checker.grader.sandbox import slots
from checker.grader.sandbox.sandbox import Sandbox
from checker.runtime.ground import Ground


def main(kind: str) -> dict[str, bool]:
    """Get ready for the tree; ``kind`` "unsafe": without a sandbox."""
    tree = Path(tempfile.mkdtemp(prefix="seamwork-attack-"))
    python, mark = tree / ".venv" / "bin" / "python", tree / "ran-outside"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {mark}\n", "utf-8")
    python.chmod(0o755)
    (tree / "Procfile").write_text("shop: python -c pass\n", "utf-8")
    with ExitStack() as stack, suppress(SeamworkError):
        slot = stack.enter_context(slots.take())
        sandbox = None if kind == "unsafe" else stack.enter_context(Sandbox(kind=kind, slot=slot))
        ground = stack.enter_context(Ground(Course(root()), sandbox=sandbox))
        ground.ready_for(tree)
        ground.launcher.start("shop", [sys.executable, "-c", "pass"], {}, tree).wait(10)
    return {"ran": mark.exists()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
