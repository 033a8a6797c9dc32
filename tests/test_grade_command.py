"""`seamwork grade` as it is typed: a real class on the tiny course, in real sandboxes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from grading_world import command, graded, hand_in, points
from whole import TINY

from checker.wait import until

pytestmark = [pytest.mark.needs("linux", "root"), pytest.mark.timeout(300)]

HOSTILE = {
    "crashes": "raise RuntimeError('no')",
    "never-ready": "import time\ntime.sleep(3600)",
    "exits-well": "import sys\nsys.exit(0)",
    "says-it-passed": """
import json, sys
print(json.dumps({"stage": "public"}), json.dumps({"ended": {}}), json.dumps({"over": 0}), sep="\\n", flush=True)
for fd in range(3, 64):
    try:
        __import__("os").write(fd, b'\\n{"over": 0, "said": ""}\\n')
    except OSError:
        pass
open("results.json", "w").write('{"exit_code": 0}')
sys.exit(0)
""",
    "bombs": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
}
"""What a counter does instead of counting: worth nothing."""
RUDE = {
    "kills": """
import os
for number in (15, 9):
    for pid in (-1, os.getppid(), *range(2, 400)):
        try:
            if pid != os.getpid():
                os.kill(pid, number)
        except OSError:
            pass
""",
    "floods": """
import sys, threading
def flood():
    while True:
        sys.stdout.write("x" * 65536 + "\\n")
threading.Thread(target=flood, daemon=True).start()
""",
    "leaves-a-daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(0)
""",
}
"""What a counter does beside counting well: it costs nobody anything, and helps nobody."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a class hands in."""
    (tmp_path / "in").mkdir()
    return tmp_path


def _grade(place: Path, *words: str | Path, **how: Any) -> dict[str, float | None]:
    found = graded(place / "in", "--lab", "01", "--store", place / "grades.db", *words, **how)
    return points(found)


def test_hostile_class_gets_what_it_earns(place: Path) -> None:
    """Right is right, wrong earns what it earns, and nobody gains or loses by what others do."""
    hand_in(place / "in", "right")
    hand_in(place / "in", "wrong", wrong="counter-forgets")
    hand_in(place / "in", "malformed", Procfile="a line that is none\n")
    (place / "in" / "empty").mkdir()
    for name, first in {**HOSTILE, **RUDE}.items():
        hand_in(place / "in", name, first=first)

    found = _grade(place)

    nothing = dict.fromkeys([*HOSTILE, "malformed", "empty"], 0.0)
    assert found == {"right": 4.0, "wrong": 1.0, **dict.fromkeys(RUDE, 4.0), **nothing}


@pytest.mark.needs("bwrap")
def test_cold_sandbox_says_the_same(place: Path) -> None:
    """bubblewrap, and none at all, come to the same marks."""
    hand_in(place / "in", "right")
    hand_in(place / "in", "wrong", wrong="both-answer")

    cold = graded(place / "in", "--lab", "01", "--store", place / "a.db", "--sandbox", "bubblewrap")
    without = graded(place / "in", "--lab", "01", "--store", place / "b.db", "--unsafe")

    assert points(cold) == points(without) == {"right": 4.0, "wrong": 3.0}
    assert (cold["sandbox"], without["sandbox"]) == ("bubblewrap", "unsafe")


def test_killed_grader_goes_on_where_it_was(place: Path) -> None:
    """After kills at random moments the same command comes to the same table."""
    for name in ("ada", "bob", "cy", "dee"):
        hand_in(place / "in", name, wrong="counter-forgets" if name == "bob" else "")
    words = [place / "in", "--lab", "01", "--store", place / "grades.db", "--jobs", "2"]
    chance = random.Random(6)  # noqa: S311  (the same moments each time)

    for _ in range(3):
        _killed(command(*words), chance.uniform(1.0, 6.0))

    assert _grade(place) == {"ada": 4.0, "bob": 1.0, "cy": 4.0, "dee": 4.0}
    assert _counted(place, "SELECT count(*) FROM judgements WHERE status = 'graded'") == 4


def test_killed_grader_takes_everything_along(place: Path) -> None:
    """Nursery, tester, launchers, servers and what the student's work started end when nobody waits for them."""
    hand_in(place / "in", "slow", first=HOSTILE["never-ready"])
    words = command(place / "in", "--lab", "01", "--store", place / "grades.db")
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert until(lambda: len(_below(process.pid)) >= 8, within=60)
    started = _below(process.pid)

    process.kill()
    process.wait()

    _, alive = psutil.wait_procs(started, timeout=12)
    assert not alive


def _below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _killed(words: list[str], after: float) -> None:
    """Begin a grading, and kill it; what it started goes by itself."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()


def _counted(place: Path, question: str) -> int:
    with sqlite3.connect(place / "grades.db") as database:
        found: int = database.execute(question).fetchone()[0]
    database.close()
    return found


def test_mended_check_moves_marks_and_says_why(place: Path) -> None:
    """What the check touches is run again, the lab before is not; diff names who moved, from what to what."""
    course = place / "course"
    shutil.copytree(TINY, course)
    hand_in(place / "in", "ada")
    hand_in(place / "in", "bob", wrong="both-answer")
    _grade(place, course=course)
    points(graded(place / "in", "--lab", "00", "--store", place / "grades.db", course=course))
    check = course / "labs/01-split/checks/test_split.py"
    check.write_text(check.read_text("utf-8").replace("== 404", "in (201, 404)"), "utf-8")

    after = _grade(place, course=course)
    points(graded(place / "in", "--lab", "00", "--store", place / "grades.db", course=course))
    said = subprocess.run(
        [*command("diff", "--lab", "01", "--store", place / "grades.db", course=course)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert after == {"ada": 4.0, "bob": 4.0}
    assert said == "bob  3 → 4  the checks were changed\n"
    assert _counted(place, "SELECT count(*) FROM judgements WHERE lab = '00-hello'") == 2


def test_check_that_overruns_is_stopped(place: Path) -> None:
    """A work that makes a check wait longer than it may has failed it, and is told so."""
    hand_in(place / "in", "slow", first=HOSTILE["never-ready"])

    found = graded(place / "in", "--lab", "01", "--store", place / "grades.db", "--limit-check", "2")

    (slow,) = found["students"]
    assert (slow["status"], slow["points"]) == ("graded", 0.0)
    assert [check["outcome"] for check in slow["checks"]] == ["failed", *["blocked"] * 3]


def test_run_that_is_over_goes_on_next_time(place: Path) -> None:
    """Who had no turn has no mark; the same command gives them one."""
    for name in ("ada", "bob"):
        hand_in(place / "in", name)

    first = _grade(place, "--limit-run", "1", "--jobs", "1", code=2)
    then = _grade(place)

    assert None in first.values()
    assert then == {"ada": 4.0, "bob": 4.0}


def test_tester_that_dies_is_no_zero(place: Path) -> None:
    """A fault of ours is tried three times; then it has no mark, and the rest of the class has theirs."""
    hidden = place / "hidden" / "checks"
    hidden.mkdir(parents=True)
    (hidden / "test_hidden.py").write_text(
        'import os\n\n\ndef test_it() -> None:\n    """Dies."""\n    os._exit(3)\n', "utf-8"
    )
    hand_in(place / "in", "ada")

    found = graded(place / "in", "--lab", "01", "--store", place / "grades.db", "--private", place / "hidden", code=2)

    assert [(each["status"], each["points"]) for each in found["students"]] == [("not gradable", None)]
    assert _counted(place, "SELECT attempts FROM judgements") == 3


def test_lab_that_needs_the_engine_is_refused(place: Path) -> None:
    """Who may build images owns the machine."""
    course = place / "course"
    shutil.copytree(TINY, course)
    toml = course / "labs/01-split/lab.toml"
    toml.write_text('needs = ["docker"]\n' + toml.read_text("utf-8"), "utf-8")
    hand_in(place / "in", "ada")

    ran = subprocess.run(
        command(place / "in", "--lab", "01", course=course), capture_output=True, text=True, check=False, cwd=place
    )

    assert ran.returncode == 2
    assert "--disposable" in ran.stderr


@pytest.mark.needs("setpriv")
def test_plain_user_without_namespaces_is_refused(place: Path) -> None:
    """No sandbox, no run; the sentence says what brings one, and what does without."""
    hand_in(place / "in", "ada")
    unable = 'echo 0 >/proc/sys/user/max_user_namespaces; echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"'
    words = command(place / "in", "--lab", "01", "--store", place / "grades.db")

    ran = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", unable, "-", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )

    assert ran.returncode == 2
    assert "--unsafe does without" in ran.stderr
