"""Checks that only the instructor has: a learner hears a title and a verdict, and nothing else of them ever lies anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from grading_world import graded, hand_in, points

from checker.grader.store import Store

pytestmark = [pytest.mark.needs("linux", "root"), pytest.mark.timeout(300)]

HIDDEN = '''
from checker import Role


def test_counts_of_strangers_are_nothing(counter: Role) -> None:
    """Nobody has greeted a stranger."""
    wanted = {"zyxword": 0}

    reply = counter.get("/counts/zyxname")

    assert reply["count"] == wanted["zyxword"]


def test_it_is_never_told(counter: Role) -> None:
    """Strangers are not told."""
    reply = counter.get("/counts/zyxother")

    assert reply.status_code == 777000777
'''
TOML = """
[checks.test_it_is_never_told]
points = 3
title = { en = "What nobody passes", zh = "谁也通不过" }
"""
TELLS = """
import os, sys, pathlib
def tell(*words):
    print(*words, dict(os.environ), flush=True)
    with open("told.txt", "a") as told:
        print(*words, file=told)
    pathlib.Path("/tmp/told.txt").open("a").write(str(words))
sys.setprofile(lambda frame, event, arg: event == "call" and frame.f_code.co_name == "read" and tell(frame.f_locals))
import threading
threading.setprofile(sys.getprofile())
"""
"""A counter that tells everybody what it is asked."""
TRACES = ("zyx", "never_is_told", "wanted[", "777000777")
"""What is in the private checks, and nowhere else."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A class of two, and an instructor's folder."""
    checks = tmp_path / "hidden" / "checks"
    checks.mkdir(parents=True)
    (checks / "test_hidden.py").write_text(HIDDEN, "utf-8")
    (tmp_path / "hidden" / "private.toml").write_text(TOML, "utf-8")
    (tmp_path / "in").mkdir()
    hand_in(tmp_path / "in", "ada", first=TELLS)
    hand_in(tmp_path / "in", "bob", wrong="counter-forgets")
    return tmp_path


def _graded(place: Path, *words: str | Path, **env: str) -> dict[str, float | None]:
    private = ("--private", place / "hidden")
    return points(graded(place / "in", "--lab", "01", "--store", place / "grades.db", *private, *words, **env))


def test_private_checks_count_and_are_not_seen(place: Path) -> None:
    """They are worth what private.toml says; of the evidence that is kept, none speaks of them."""
    temporary = place / "temporary"
    temporary.mkdir()

    found = _graded(place, TMPDIR=str(temporary))

    with Store.open(place / "grades.db") as store:
        kept = [told for entry in store.table("01-split") if (told := store.judgement(entry))]
        public = repr([(dict(told.results), told.message) for told in kept])
        private = [check for told in kept for check in told.private["checks"]]
    assert found == {"ada": 5.0, "bob": 2.0}
    assert not [trace for trace in TRACES if trace in public]
    assert {tuple(sorted(check)) for check in private} == {("blocked_by", "claim", "lab", "name", "outcome", "points")}
    assert {check["claim"] for check in private} == {"Nobody has greeted a stranger.", "What nobody passes"}
    assert not list(temporary.iterdir())


def test_private_checks_leave_no_trace_in_reports(place: Path) -> None:
    """In all that is written for a class and its students there is their title, and the verdict."""
    _graded(place, "--out", place / "out")

    written = {path: path.read_text("utf-8") for path in (place / "out").rglob("*") if path.is_file()}
    assert any("What nobody passes" in text for path, text in written.items() if path.parent.name == "feedback")
    assert [(path, trace) for path, text in written.items() for trace in TRACES if trace in text] == []
