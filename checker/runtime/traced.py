"""What a Python program reads of one folder while it runs: for a forked child. Standard library only, as the launcher is.

Python tells of each file it opens (PEP 578, audit hooks). What another program would read for it cannot be seen; nor is
known what a program writes there for the next one: either makes the report void.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import sys
from typing import Any

__all__ = ["trace"]

OTHERS = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def trace(folder: str, report: str) -> None:
    """Note what is read below ``folder`` from now on; as the program ends, write it to ``report``: a list of paths, or null.

    There is no report of a program that is killed.
    """
    top = os.path.realpath(folder) + os.sep
    seen: set[str] = set()
    void: list[str] = []

    def hear(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if not isinstance(path, (str, bytes)) or not (found := _below(top, path)):
                return
            if isinstance(flags, int) and flags & WRITES and "__pycache__" not in found:
                void.append(found)
            seen.add(found)
        elif event in OTHERS:
            void.append(event)

    def tell() -> None:
        for module in list(sys.modules.values()):  # read from its cache, perhaps, and not from its source
            with contextlib.suppress(Exception):
                seen.add(_below(top, module.__file__ or ""))
        seen.discard("")
        told = None if void else sorted(path for path in seen if "__pycache__" not in path)
        with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123  (as the launcher: no pathlib)
            json.dump(told, file)

    sys.addaudithook(hear)
    atexit.register(tell)


def _below(top: str, path: str | bytes) -> str:
    found = os.path.realpath(os.fsdecode(path))
    return found[len(top) :] if found.startswith(top) else ""
