"""`seamwork grade` as it is typed, and somebody outside who knows all answers. Run as: python marks.py PORT SECONDS WORDS.

Prints what it said, how it ended ("late": it did not), and who is alive once it has.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from submissions import CLASS, RIGHT

SEAMWORK = str(Path(sys.executable).with_name("seamwork"))


def main(port: str, seconds: str, *words: str) -> dict[str, object]:
    """Grade."""
    course = [] if "--course" in words else ["--course", str(CLASS)]
    env = {**os.environ, "SEAMWORK_TOKEN": "CANARY-0", "PORT": port}
    with subprocess.Popen([sys.executable, "-m", "notes.app"], cwd=RIGHT, env=env, stdout=subprocess.DEVNULL) as oracle:
        before = {*Path("/proc").glob("[0-9]*")}
        try:
            ran = subprocess.run(
                [SEAMWORK, "grade", *words, *course, "--lab", "00", "--json"],
                capture_output=True,
                text=True,
                check=False,
                timeout=float(seconds),
                env=env,
            )
            found: dict[str, object] = {"code": ran.returncode, "said": ran.stdout, "words": ran.stderr[-3000:]}
        except subprocess.TimeoutExpired:
            found = {"code": "late", "said": "", "words": ""}
        time.sleep(0.2)
        found["left"] = [] if found["code"] == "late" else alive(before)
        oracle.kill()
    return found


def alive(known: set[Path]) -> list[str]:
    """Name who lives in this jail, but for those we know, by command line."""
    found = []
    for process in {*Path("/proc").glob("[0-9]*")} - known:
        with contextlib.suppress(OSError):
            found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [words for words in found if words]


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
