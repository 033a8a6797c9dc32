"""The outer jail: what goes wrong in a test of attacks stays in it. Pids of its own, not many, and little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["jailed"]

HERE = Path(__file__).parent
LIMITS = (("pids", "pids.max", 900), ("memory", "memory.limit_in_bytes", 2 << 30))


@cache
def _start() -> tuple[str, ...]:
    enter = ""
    for controller, file, most in LIMITS:
        group = Path("/sys/fs/cgroup", controller, "seamwork-attacks")
        if group.parent.is_dir() and os.access(group.parent, os.W_OK):
            group.mkdir(exist_ok=True)
            (group / file).write_text(str(most))
            enter += f"echo 0 >{group}/cgroup.procs; "
    return ("sh", "-c", f'{enter}exec "$0" "$@"', "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--ipc")


def jailed(script: str, *words: str) -> dict[str, Any]:
    """Run a script that lies here, and return the JSON it prints last."""
    command = [*_start(), sys.executable, str(HERE / script), *words]
    env = {**os.environ, "SECRET": "of-the-tester"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=55, check=False, env=env)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
