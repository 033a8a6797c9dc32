"""A thousand submissions of four checks: whether time grows with them and nothing else does; and the same class once more."""

from __future__ import annotations

from pathlib import Path

from class_peers import handed_in
from graded import grade
from table import Row, row

from checker.grader.store import Store

__all__ = ["rows"]

MANY = 1000
STEADY, FLAT, AGAIN = 1.15, 300.0, 5.0
"""What is promised: the second half over the first one, megabytes, seconds."""


def rows(folder: Path, rounds: int) -> list[Row]:
    """Measure, once: there are a thousand."""
    del rounds
    submissions, store = folder / "submissions", folder / "grades.db"
    handed_in(submissions, MANY)
    first = grade(submissions, store)
    again = grade(submissions, store)
    if again.marks != first.marks or len(first.marks) != MANY:
        raise SystemExit("the marks of the second run are not those of the first one")
    return [
        row(f"{MANY} submissions", first.seconds, "s"),
        row("their second half over the first", _bend(store), "×", target=STEADY),
        row("the grader itself, of memory", first.megabytes, "MB", target=FLAT),
        row("the same command again, nothing changed", again.seconds, "s", target=AGAIN),
    ]


def _bend(store: Path) -> float:
    """Return how much longer the second half took than the first."""
    with Store.open(store, new=False) as opened:
        progress = opened.progress(min(run.id for run in opened.runs()))
    done = sorted(step.done_at for step in (progress.steps if progress else ()) if step.done_at)
    half = len(done) // 2
    # one worker after another begins: the first of them are not those the others are held against
    start, middle, end = done[10], done[half], done[-1]
    return (end - middle) / (len(done) - half) / ((middle - start) / (half - 10))
