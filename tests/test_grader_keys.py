"""What a judgement is kept by: a mended check reaches its own lab and those after it; what only counts or speaks, none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from whole import TINY

from checker.course import Course, read_tree
from checker.grader.keys import checks_of, environment_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course that may be changed."""
    return Path(shutil.copytree(TINY, tmp_path / "course"))


def digests(root: Path, private: Path | None = None) -> list[str]:
    course = Course(root)
    return [checks_of(course, lab, read_tree(private) if private else None) for lab in course.labs]


def add(path: Path, text: str = "\n# mended\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.parametrize(
    ("file", "reached"),
    [
        ("labs/02-more/checks/test_more.py", [False, False, True]),
        ("labs/01-split/checks/test_split.py", [False, True, True]),
        ("labs/contract/openapi.yaml", [True, True, True]),
        ("labs/01-split/lab.toml", [False, False, False]),
        ("labs/01-split/checks/claims.zh.toml", [False, False, False]),
        ("solutions/01-split/WHY.md", [False, False, False]),
    ],
)
def test_change_reaches_what_it_touches(root: Path, file: str, reached: list[bool]) -> None:
    """Labs judged by what was changed are run again; the others, and all of them for points and words, are not."""
    before = digests(root)
    add(root / file)

    assert [old != new for old, new in zip(before, digests(root), strict=True)] == reached


def test_private_checks_are_part_of_it(root: Path, tmp_path: Path) -> None:
    """An instructor's own checks judge as well, wherever they lie; what they are worth does not."""
    add(tmp_path / "a" / "test_hidden.py", "def test_x(): pass\n")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    none, some, elsewhere = digests(root), digests(root, tmp_path / "a"), digests(root, tmp_path / "b")
    add(tmp_path / "b" / "lab.toml")
    counted = digests(root, tmp_path / "b")
    add(tmp_path / "b" / "test_hidden.py")

    assert none != some == elsewhere == counted
    assert digests(root, tmp_path / "b") != some


def test_environment_is_python_and_sandbox() -> None:
    """Another sandbox, or a folder of packages beside, is another environment."""
    assert environment_of("forked") == environment_of("forked")
    assert len({environment_of("forked"), environment_of("unsafe"), environment_of("forked", "env of hers")}) == 3
