"""make test: everything that can run where it is; at the end, by name, what could not and why.

Exit 0 when nothing failed. With SEAMWORK_REQUIRE=all what cannot run is a failure.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

STEPS: list[tuple[str, list[str]]] = [
    ("ruff: rules", ["ruff", "check", "--quiet", "."]),
    ("ruff: form", ["ruff", "format", "--check", "--quiet", "."]),
    ("mypy --strict", ["mypy", "--no-error-summary"]),
    ("imports point one way", ["lint-imports", "--no-cache"]),
    ("tests of the checker", ["pytest", "-q", "tests", "--basetemp={scratch}/tests"]),
    ("the course proves itself", ["seamwork", "verify"]),
]


def main() -> int:
    """Run each step, go on after a failure, and name at the end what failed."""
    # A folder of this run alone: pytest's own shelf of earlier runs may hold what it cannot remove, and then it fails.
    with tempfile.TemporaryDirectory(prefix="seamwork-test-", ignore_cleanup_errors=True) as scratch:
        failed = [
            name for name, command in STEPS if not _passes(name, [word.format(scratch=scratch) for word in command])
        ]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall steps passed")
    return 1 if failed else 0


def _passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    print(f"── {name}", flush=True)
    code = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, check=False).returncode
    print(f"   {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - began:.1f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
