"""The outer jail: what goes wrong in a test of attacks stays in it. Pids of its own, not many, and little memory.

Where the cells are containers, they are the engine's, which no jail of ours holds, and whose pids the tester is to see.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["jailed", "leave"]

HERE = Path(__file__).parent
GROUP = f"seamwork-attacks-{os.getpid()}"
APART = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--ipc")
LIMITS = (("pids", "pids.max", 900), ("memory", "memory.limit_in_bytes", 2 << 30))


@cache
def _start() -> tuple[str, ...]:
    enter = ""
    for controller, file, most in LIMITS:
        group = Path("/sys/fs/cgroup", controller, GROUP)
        if group.parent.is_dir() and os.access(group.parent, os.W_OK):
            group.mkdir(exist_ok=True)
            (group / file).write_text(str(most))
            enter += f"echo 0 >{group}/cgroup.procs; "
    return ("sh", "-c", f'{enter}exec "$0" "$@"')


def _as_plain_user() -> tuple[str, ...]:
    """Return the start of a command line that becomes somebody; our Python is shown to them where it lies in root's home."""
    home, python = Path.home(), Path(sys.base_prefix)
    show = f"mount --bind {python} /mnt; mount -t tmpfs -o mode=755 none {home}; mkdir -p {python}; mount --move /mnt {python};"
    house = "mkdir -p /dev/shm/plain; chown 12345 /dev/shm/plain;"
    become = "exec setpriv --reuid=12345 --regid=12345 --clear-groups env HOME=/dev/shm/plain"
    shown = show if python.is_relative_to(home) else ""
    script = f'mount -t tmpfs -o mode=1777 none /dev/shm; {shown} {house} {become} "$0" "$@"'
    return ("unshare", "--mount", "sh", "-ec", script)


def jailed(script: str, *words: str, plain: bool = False, seconds: float = 150) -> dict[str, Any]:
    """Run a script that lies here, and return the JSON it prints last. ``plain``: as a user who may nothing."""
    command = [
        *_start(),
        *(() if "docker" in words else APART),
        *(_as_plain_user() if plain else ()),
        sys.executable,
        str(HERE / script),
        *words,
    ]
    with tempfile.TemporaryDirectory(prefix="seamwork-attacks-", dir="/tmp", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o777)
        env = {**os.environ, "SECRET": "of-the-tester", "TMPDIR": scratch}
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, env=env)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-500:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def leave() -> None:
    """Remove the jail; whoever comes next builds another."""
    _start.cache_clear()
    for group in Path("/sys/fs/cgroup").glob(f"*/{GROUP}"):
        group.rmdir()
