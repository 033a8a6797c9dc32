"""The supervisor's process: started as a script, it goes into the background at once and tells how it went by a pipe.

Each line into the pipe is JSON: {"pid": ...} first, then {"state": ...} or {"error": ...}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main() -> None:
    """Put the shop up as the argument says, a JSON object: workspace, course, options, and the pipe's descriptor."""
    asked = json.loads(sys.argv[1])
    if os.fork():
        os._exit(0)  # whoever started us need not be there when we end
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    tell(asked["pipe"], {"pid": os.getpid()})
    try:
        _supervise(asked)
    except BaseException as error:
        from checker.errors import SeamworkError  # noqa: PLC0415  (as below)
        from checker.session.up_state import error_to  # noqa: PLC0415

        tell(asked["pipe"], {"error": error_to(error)})
        if not isinstance(error, SeamworkError):
            raise  # into the log


def _supervise(asked: dict[str, Any]) -> None:
    from checker.course import Course, Workspace  # noqa: PLC0415  (only now is our package on the path)
    from checker.session.up_options import Options  # noqa: PLC0415
    from checker.session.up_server import Supervisor, supervise  # noqa: PLC0415

    def ready(supervisor: Supervisor) -> None:
        tell(asked["pipe"], {"state": supervisor.shop.state().as_dict()})
        os.close(asked["pipe"])

    space = Workspace.open(Path(asked["workspace"]), Course(Path(asked["course"])))
    supervise(space, Options(**asked["options"]), ready)


def tell(pipe: int, message: dict[str, Any]) -> None:
    """Write a line into the pipe; nobody may be listening any more."""
    try:
        os.write(pipe, json.dumps(message).encode() + b"\n")
    except OSError:
        return


if __name__ == "__main__":
    main()
