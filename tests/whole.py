"""A ground to run checks on, labs written in a test's own body, and the program as it is installed with the tiny course."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from checker.course import Course, Lab, init, write_tree
from checker.outcome import CheckResult, Results
from checker.runtime.ground import Ground
from checker.session import check

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "tests" / "tiny"
LAB = 'minutes = 1\nteaches = ["P1"]\n\n[title]\nen = "Drawn"\nzh = "现画的"\n'
SCRIPT = "import sys\nsys.path.insert(0, {place!r})\nfrom seamwork_main import main\nmain()\n"

# In this process


@contextlib.contextmanager
def standing(*, cold: bool = True) -> Iterator[Ground]:
    """A ground that stands: whatever it starts is there before a test counts its processes."""
    with Ground(Course(TINY), cold=cold) as ground, tempfile.TemporaryDirectory() as folder:
        ground.ready_for(solved(Path(folder)))
        _ = ground.postgres, ground.redis
        yield ground


def solved(folder: Path, number: str = "01") -> Path:
    """Lay out the end of a lab of the tiny course, without a repository."""
    tree = folder / f"tree-{number}"
    write_tree(Course(TINY).end(Course(TINY).lab(number)), tree)
    return tree


def owning(owners: str, course: Path) -> Path:
    """Lay the tiny course out in a folder, with more to say of who owns what; return the folder."""
    shutil.copytree(TINY, course, dirs_exist_ok=True)
    with (course / "labs/contract/owners.toml").open("a", encoding="utf-8") as said:
        said.write(owners)
    return course


def lab(folder: Path, checks: str, *, name: str = "01-drawn", more: str = "") -> Lab:
    """Write a lab with these checks; the contract is the tiny course's for that number."""
    place = folder / "labs" / name / "checks"
    place.mkdir(parents=True)
    (place.parent / "lab.toml").write_text(LAB + more, "utf-8")
    (place / "test_drawn.py").write_text("import pytest\n\n" + textwrap.dedent(checks), "utf-8")
    return Lab.load(place.parent)


def judged(ground: Ground, tree: Path, checks: str, **how: Any) -> dict[str, CheckResult]:
    """Run checks written here on a tree; each result by its check's name, in the order in which they ran."""
    results = run(ground, tree, checks, **how)
    return {result.name.removeprefix("test_"): result for result in results.checks}


def run(ground: Ground, tree: Path, checks: str, **how: Any) -> Results:
    """Run checks written here on a tree."""
    with tempfile.TemporaryDirectory() as folder:
        results = check(ground, lab(Path(folder), checks), tree, **how)
        ground.tidied()
    return results


def outcomes(results: Results) -> list[str]:
    """Return "name outcome" of each check, in the order in which they ran."""
    return [f"{result.name.removeprefix('test_')} {result.outcome}" for result in results.checks]


def words(result: CheckResult) -> str:
    """Return what is said, with its values, in English."""
    assert result.message is not None
    parts = [part for part in (result.message.id, result.message.move) if part]
    return " ".join(part.format(**result.message.values) for part in parts)


# As a program


@dataclass(frozen=True)
class Said:
    """What the program said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it said."""
        return self.out + self.err


class Program:
    """seamwork as a wheel would have it, the course inside; with a home and a place for temporary files of its own."""

    def __init__(self, place: Path, course: Path = TINY) -> None:
        self.home, self.temp, self.file = place / "home", place / "temp", place / "seamwork"
        for folder in (self.home, self.temp):
            folder.mkdir(parents=True)
        skipped = shutil.ignore_patterns("__pycache__") if course != TINY else None
        shutil.copytree(ROOT / "checker", place / "checker")
        shutil.copytree(course, place / "checker" / "_course", ignore=skipped)
        shutil.copytree(ROOT / "requirements", place / "checker" / "_course" / "requirements")
        shutil.copy(ROOT / "seamwork_main.py", place)
        self.file.write_text(SCRIPT.format(place=str(place)))
        (self.home / ".gitconfig").write_text("[core]\n\tfsync = none\n")

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Return a plain environment; HOME and TMPDIR are its own."""
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.temp), "LANG": "C.UTF-8"}
        return {**plain, **more}

    def __call__(self, *args: object, cwd: Path | None = None, **env: str) -> Said:
        """Run a command to its end, at most 40 s, its standard input closed."""
        done = subprocess.run(
            self.line(*args),
            cwd=cwd,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=40,
            check=False,
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode(errors="backslashreplace"))

    def begin(self, *args: object, cwd: Path | None = None, **how: Any) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, and go on."""
        return subprocess.Popen(
            self.line(*args),
            cwd=cwd,
            env=self.environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **how,
        )

    def line(self, *args: object) -> list[str]:
        """Return the command line."""
        return [sys.executable, str(self.file), *map(str, args)]

    def workspace(self, folder: Path, at: str = "01", *, start: bool = False) -> Path:
        """Make a workspace at our end of a lab, or at its start."""
        course = Course(TINY)
        return init(folder, course, at=course.lab(at), solved=not start).path

    @property
    def left(self) -> list[str]:
        """What lies among its temporary files; what it makes to tell of a crash counts as well."""
        return sorted(entry.name for entry in self.temp.iterdir())


def edit(file: Path, old: str, new: str) -> None:
    """Replace what must be there once."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def family(pid: int) -> set[int]:
    """Return the ids of a process and of all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return {pid, *(child.pid for child in process.children(recursive=True))}
    return set()


def private(owners: Sequence[int] | set[int]) -> list[Path]:
    """Return the folders of servers that were made by one of these processes."""
    roots = (Path("/dev/shm"), Path("/tmp"))  # noqa: S108  (looked at, not written to)
    locks = [lock for root in roots for lock in root.glob("seamwork-*/owner.lock")]
    found = []
    for lock in locks:
        with contextlib.suppress(OSError, ValueError):
            if int(lock.read_text()) in owners:
                found.append(lock.parent)
    return found
