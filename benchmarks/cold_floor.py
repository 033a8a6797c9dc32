"""The floor from nothing to exit: python cold_floor.py RECORDING WORKSPACE MONOLITH exec|fork.

Prints "done" when the last answer is there; then it takes everything down.
"""

from __future__ import annotations

import contextlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from floor import Floor

from checker.backing import SubprocessStarter, open_postgres, open_redis
from checker.ledger import Ledger
from checker.runtime.environment import PRELOAD
from checker.runtime.launcher import Launcher


def main(recording: str, workspace: str, monolith: str, manner: str) -> None:
    """Start PostgreSQL (from the golden directory) and Redis, play the recording, end all."""
    folders = {"workspace": Path(workspace), "monolith": Path(monolith)}
    starter = SubprocessStarter()  # what it starts ends with the thread that started it: these two last as long as we
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(ThreadPoolExecutor(max_workers=2))
        postgres = servers.submit(open_postgres, "embedded", starter)
        redis = servers.submit(open_redis, "embedded", starter)
        start = starter.start
        if manner == "fork":
            start = partial(stack.enter_context(Launcher(preload=PRELOAD, ledger=Ledger())).start, fork=True)
        recorded = json.loads(Path(recording).read_text("utf-8"))
        floor = Floor(recorded, folders, start=start, postgres=postgres.result, redis=lambda: redis.result().url)
        try:
            floor.play()
            print("done", flush=True)
        finally:
            floor.close()
            redis.result().close()
            postgres.result().close()


if __name__ == "__main__":
    main(*sys.argv[1:])
