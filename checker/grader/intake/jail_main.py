"""The process that unpacks archives, started as a script with bytes of memory and seconds: for each pair of descriptors (archive, answer) it forks one.

An answer is the length of its head (8 bytes), the head in JSON, and the bytes of all files in its order.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.course.tree import File

__all__ = ["main"]

_LIMITS = {
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 0,  # what is open stays open, and nothing else can be
}


def main() -> None:
    """Serve until the other end of standard input is closed."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    for encoding in ("cp437", "gb2312", "utf-8"):
        "".encode(encoding)  # loads it while files can still be opened
    from checker.grader.intake import archives  # noqa: F401, PLC0415  (this is no package yet above)

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control = socket.socket(fileno=0)
    while True:
        said, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not said:
            return
        if os.fork() == 0:
            control.close()
            _answer(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _answer(archive: int, to: int) -> None:
    try:
        _hold()
        head, bodies = _unpacked(archive)
        raw = json.dumps(head).encode()
        with os.fdopen(to, "wb") as pipe:
            pipe.write(len(raw).to_bytes(8, "big"))
            pipe.write(raw)
            for file in bodies.values():
                pipe.write(file.data)
    finally:
        os._exit(0)


def _hold() -> None:
    from checker.errors import N_  # noqa: PLC0415  (as in main)
    from checker.grader.intake.malformed import SEAMWORK_PACK, Malformed  # noqa: PLC0415

    memory, seconds = map(int, sys.argv[1:])

    def too_long(*_: object) -> None:
        raise Malformed(N_("It takes more than {seconds} s to unpack."), SEAMWORK_PACK, seconds=seconds)

    signal.signal(signal.SIGXCPU, too_long)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    for limit, most in {resource.RLIMIT_AS: memory, **_LIMITS}.items():
        with suppress(ValueError, OSError):  # macOS does not know all of them
            resource.setrlimit(limit, (most, most))


def _unpacked(archive: int) -> tuple[dict[str, Any], Mapping[str, File]]:
    from checker.grader.intake.archives import read_archive  # noqa: PLC0415  (as in main)
    from checker.grader.intake.malformed import Malformed  # noqa: PLC0415

    try:
        os.lseek(archive, 0, os.SEEK_SET)
        with os.fdopen(archive, "rb") as file:
            files = read_archive(file)
    except Malformed as wrong:
        return {"problem": [wrong.message, wrong.move, dict(wrong.values)]}, {}
    return {"files": [[path, len(file.data), file.executable] for path, file in files.items()]}, files


if __name__ == "__main__":
    main()
