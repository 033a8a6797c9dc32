"""The console script: keep what the learner put on PYTHONPATH away from our imports, then hand over.

A ``checker.py`` in a learner's folder must never be taken for our package, whatever their environment says.
"""

from __future__ import annotations

import os
import sys

HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONPYCACHEPREFIX", "PYTHONUTF8"}
"""Variables of Python that change nothing about which code runs, and how."""


def _begin_without_their_python() -> None:
    """Begin once more where PYTHONPATH, PYTHONWARNINGS and the like have a say, and let Python pass over them.

    Only so a ``sitecustomize.py`` or a ``random.py`` of theirs is gone from what is loaded already.
    """
    meant = {name for name in os.environ if name.startswith("PYTHON")} - HARMLESS
    if meant and not sys.flags.ignore_environment and os.path.isfile(sys.argv[0]):  # noqa: PTH113  (before any import)
        utf8 = ["-X", f"utf8={sys.flags.utf8_mode}"]
        os.execv(sys.executable, [sys.executable, "-E", "-P", *utf8, *sys.argv])  # noqa: S606  (ourselves)


def main() -> None:
    """Run the command line."""
    try:
        _begin_without_their_python()
        from checker.cli import main as run  # noqa: PLC0415  (only now is the path clean)

        run()
    except KeyboardInterrupt:  # so early that nothing was started
        sys.exit(130)
