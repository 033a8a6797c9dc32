"""The console script: keep what the learner put on PYTHONPATH away from our imports, then hand over.

A ``checker.py`` in a learner's folder must never be taken for our package, whatever their environment says.
"""

from __future__ import annotations

import os
import sys


def _forget_python_path() -> None:
    theirs = {os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}  # noqa: PTH100  (before any import)
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) not in theirs]  # noqa: PTH100


def main() -> None:
    """Run the command line."""
    _forget_python_path()
    from checker.cli import main as run  # noqa: PLC0415  (only now is the path clean)

    run()
