"""A hundred submissions of lab 01, right, wrong and hostile, each in a sandbox: submissions a minute."""

from __future__ import annotations

import shutil
from pathlib import Path

from graded import grade
from table import Row, row

from checker.course import Course, root, write_tree

__all__ = ["rows"]

LAB = "01"
MANY = 100
HOSTILE = {
    "ends-itself": "import os\nos._exit(3)\n",
    "kills-all": "import os, signal\nos.kill(-1, signal.SIGKILL)\n",
    "prints-results": 'print(\'{"checks": [{"name": "test_orders_lives_alone", "outcome": "passed"}]}\', flush=True)\n',
    "floods": "import sys\nfor _ in range(200_000):\n    print('x' * 200)\nsys.exit(0)\n",
}
"""By name: what comes before everything else in the service. None of them earns a point but what is honestly there."""


def rows(folder: Path, rounds: int) -> list[Row]:
    """Measure, once: it is a hundred of them already."""
    del rounds
    submissions = folder / "submissions"
    _hand_in(submissions)
    graded = grade(submissions, folder / "grades.db", lab=LAB, course=None)
    if len(graded.marks) != MANY or None in graded.marks.values():
        raise SystemExit(f"not everybody has a mark: {graded.marks}")
    shutil.rmtree(submissions)
    per_minute = MANY / graded.seconds * 60
    return [
        row(f"{MANY} submissions of lab 01, sandboxed", per_minute, "a minute"),
        row("of them, a submission", graded.seconds / MANY, "s"),
    ]


def _hand_in(folder: Path) -> None:
    """Lay them out: of ten, six right, three wrong in one of the ways there are, one hostile."""
    course = Course(root())
    lab = course.lab(LAB)
    right = course.end(lab)
    wrong = [course.laid(lab, mistake.overlay) for mistake in course.wrong(lab)]
    for number in range(MANY):
        tree = folder / f"s{number:03}"
        kind = number % 10
        write_tree(right if kind < 6 or kind == 9 else wrong[number % len(wrong)], tree)  # noqa: PLR2004
        app = tree / "services" / "orders" / "app.py"
        head = list(HOSTILE.values())[number // 10 % len(HOSTILE)] if kind == 9 else ""  # noqa: PLR2004
        if app.exists():
            app.write_text(f"{head}{app.read_text('utf-8')}\n# {number}\n", "utf-8")
        else:
            (tree / "README").write_text(f"{number}\n", "utf-8")
