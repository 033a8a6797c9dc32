"""Four HTTP checks on many small FastAPI services: seconds a submission, here and in what people grade classes with today.

Each is a command from nothing to its marks, which are held to what they have to be. check50 and otter grade one submission a command, and go as many at a time as there are cores; nbgrader grades a whole
class by one command, in turn. None of them keeps what is handed in from the machine it runs on.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from graded import CLASS, grade
from rounds import Absent, Case, medians
from table import Row, ratio, row

__all__ = ["expected", "handed_in", "rows"]

BIN = CLASS.parents[1] / ".venv" / "class" / "bin"
APP = Path("notes", "app.py")
RIGHT, WRONG = 4, 3
"""Points of a right submission, and of one that answers 200 where the contract says 201."""
OURS, THEIRS = 24, 6
"""Submissions in a round. Ours are more, for a class has one beginning; theirs begin anew with each."""
QUICKER, OVER = 1 / 3, 1.1
"""What is promised: of the best peer's seconds, of the cold path's, and over what runs without a sandbox."""

Marks = Mapping[str, float | None]


def rows(folder: Path, rounds: int) -> list[Row]:
    """Measure."""
    numbers = itertools.count(1)
    ours, theirs = handed_in(folder / "ours", OURS), handed_in(folder / "theirs", THEIRS)

    def place() -> Path:
        return folder / f"round-{next(numbers)}"

    cases: dict[str, Case] = {
        name: lambda options=options: _ours(ours, folder / "ours", place(), options) for name, options in KINDS.items()
    }
    cases |= {name: lambda name=name: _theirs(name, theirs, place()) for name in PEERS}
    found = medians(cases, rounds, heavy=set(cases))
    unit = "s a submission"
    peers = [row(f"four checks, {name}", found[name], unit) for name in PEERS]
    numbers_of = [each for each in peers if isinstance(each.value, float)]
    best = min(numbers_of, key=lambda each: float(each.value)) if numbers_of else None
    mine = {name: row(f"four checks, ours, {name}", found[name], unit, peer=best) for name in KINDS}
    quick, cold, bare = (mine[name] for name in KINDS)
    return [
        *mine.values(),
        *peers,
        *([ratio("sandboxed, over the best of them", quick, best, target=QUICKER)] if best else []),
        ratio("quick path over the cold path", quick, cold, target=QUICKER),
        ratio("sandboxed over --unsafe", quick, bare, target=OVER),
    ]


KINDS = {
    "forked cells": ("--sandbox", "forked"),
    "bubblewrap": ("--sandbox", "bubblewrap"),
    "--unsafe": ("--unsafe",),
}


def _ours(trees: Mapping[str, Path], folder: Path, place: Path, options: Sequence[str]) -> float:
    place.mkdir()
    graded = grade(folder, place / "grades.db", *options)
    _hold("seamwork", graded.marks, trees)
    return graded.seconds / len(trees)


def handed_in(folder: Path, many: int) -> dict[str, Path]:
    """Lay submissions out, every fourth of them wrong; return the folder of each, by student."""
    trees = {f"s{number:03}": folder / f"s{number:03}" for number in range(many)}
    for number, tree in enumerate(trees.values()):
        shutil.copytree(CLASS / "labs" / "monolith", tree)
        if number % 4 == 3:  # noqa: PLR2004  (every fourth)
            text = (tree / APP).read_text("utf-8").replace("status_code=201", "status_code=200")
            (tree / APP).write_text(f"{text}# {number}\n", "utf-8")
        else:
            with (tree / APP).open("a", encoding="utf-8") as file:
                file.write(f"# {number}\n")  # no two are the same: nothing is answered from memory
    return trees


def expected(trees: Mapping[str, Path]) -> Marks:
    """Return what each submission is worth."""
    return {student: WRONG if number % 4 == 3 else RIGHT for number, student in enumerate(trees)}  # noqa: PLR2004


def _check50(trees: Mapping[str, Path], folder: Path) -> Marks:
    del folder
    command = [BIN / "check50", "--dev", "--output", "json", "--", CLASS / "check50"]

    def grade(tree: Path) -> int:
        results = json.loads(_run(command, cwd=tree, ends=(0, 1)))["results"]
        return sum(result["passed"] is True for result in results)

    return _side_by_side(grade, trees)


def _otter(trees: Mapping[str, Path], folder: Path) -> Marks:
    tests = folder / "tests"
    shutil.copytree(CLASS / "otter", tests)
    bare = ["--no-config", "--no-requirements", "--no-environment"]
    _run([BIN / "otter", "generate", "-t", tests, "-o", folder / "autograder.zip", *bare], cwd=folder)

    def grade(tree: Path) -> int:
        out = folder / tree.name
        out.mkdir()
        command = [BIN / "otter", "run", "-a", folder / "autograder.zip", "-o", out, "--no-logo"]
        _run([*command, tree / APP], cwd=out)
        tests = json.loads((out / "results.json").read_text("utf-8"))["tests"]
        return int(sum(test.get("score", 0) for test in tests))

    return _side_by_side(grade, trees)


def _nbgrader(trees: Mapping[str, Path], folder: Path) -> Marks:
    sources = folder / "sources"
    sources.mkdir()
    files = [shutil.copy(tree / APP, sources / f"{student}.py") for student, tree in trees.items()]
    _run([BIN / "python", CLASS / "notebook.py", folder / "course", *files], cwd=folder)
    _run([BIN / "nbgrader", "generate_assignment", "notes"], cwd=folder / "course")
    _run([BIN / "nbgrader", "autograde", "notes"], cwd=folder / "course")
    _run([BIN / "nbgrader", "export", "--to", "grades.csv"], cwd=folder / "course")
    lines = (folder / "course" / "grades.csv").read_text("utf-8").splitlines()
    head = lines[0].split(",")
    rows = [dict(zip(head, line.split(","), strict=True)) for line in lines[1:]]
    return {row["student_id"]: int(float(row["score"])) for row in rows}


PEERS: Mapping[str, Callable[[Mapping[str, Path], Path], Marks]] = {
    "check50": _check50,
    "otter": _otter,
    "nbgrader": _nbgrader,
}


def _theirs(peer: str, trees: Mapping[str, Path], folder: Path) -> float:
    if not (BIN / peer).exists():
        raise Absent(f"absent: {peer} (make .venv/class.stamp brings it)")
    folder.mkdir()
    began = time.perf_counter()
    marks = PEERS[peer](trees, folder)
    seconds = time.perf_counter() - began
    _hold(peer, marks, trees)
    return seconds / len(trees)


def _hold(who: str, marks: Marks, trees: Mapping[str, Path]) -> None:
    if marks != expected(trees):
        raise SystemExit(f"{who} gave {marks}")


def _side_by_side(grade: Callable[[Path], int], trees: Mapping[str, Path]) -> Marks:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return dict(zip(trees, pool.map(grade, trees.values()), strict=True))


def _run(command: Sequence[object], *, cwd: Path, ends: Sequence[int] = (0,)) -> str:
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "CLASS_UVICORN": str(BIN / "uvicorn")}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in ends:
        said = re.sub(r"\s+", " ", done.stdout + done.stderr)[-2000:]
        raise SystemExit(f"{words[0]} ended with {done.returncode}: {said}")
    return done.stdout
