"""The five checks from nothing to exit code: python five_cold.py FOLDER. What `seamwork check` does, on another course."""

from __future__ import annotations

import sys
from pathlib import Path


def main(tree: Path) -> int:
    """Check, print, and return the exit code."""
    from checker.course import Course  # noqa: PLC0415  (in the order in which the command imports)
    from checker.runtime.ground import Ground  # noqa: PLC0415

    course = Course(Path(__file__).parent / "five")
    with Ground(course) as ground:
        ground.ready_for(tree)
        from checker.report import render_text  # noqa: PLC0415
        from checker.session import check  # noqa: PLC0415

        results = check(ground, course.labs[0], tree)
        print(render_text(results), flush=True)
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
