"""A lesson shows lines out of files, by what they are called there."""

from __future__ import annotations

import pytest

from checker.course import Course, root
from checker.errors import EngineFault
from checker.lessons.include import excerpt, included

PYTHON = '''\
"""A module."""

MOVES: dict[str, int] = {
    "a": 1,
}


class Shop:
    @property
    def open(self) -> bool:
        return True


@router.get("/")
async def home() -> str:
    # region: inside
    answer = "hello"
    # endregion
    return answer
'''


def test_a_function_comes_with_its_decorators() -> None:
    """The decorator says which path it answers; it is part of what is shown."""
    assert (excerpt("a.py", PYTHON, "home") or "").splitlines()[:2] == ['@router.get("/")', "async def home() -> str:"]


def test_a_method_is_shown_flush_left() -> None:
    """What is taken out of a class begins at the margin."""
    assert (excerpt("a.py", PYTHON, "Shop.open") or "").startswith("@property\ndef open")


def test_a_constant_is_shown_whole() -> None:
    """A table over several lines is shown to its last."""
    assert (excerpt("a.py", PYTHON, "MOVES") or "").splitlines() == ["MOVES: dict[str, int] = {", '    "a": 1,', "}"]


def test_a_marked_region_is_shown_without_its_marks() -> None:
    """The marks are for us."""
    assert excerpt("a.py", PYTHON, "inside") == 'answer = "hello"'


def test_a_table_of_toml_is_shown() -> None:
    """A table goes to the next one, blank lines left out."""
    assert excerpt("a.toml", "[a]\nx = 1\n\n[b]\ny = 2\n", "a") == "[a]\nx = 1"


def test_what_is_not_there_is_none() -> None:
    """A name that nothing bears."""
    assert excerpt("a.py", PYTHON, "gone") is None


def test_a_missing_region_stops_the_build() -> None:
    """The lesson names something that the file no longer has."""
    course = Course(root())

    with pytest.raises(EngineFault, match="has nothing called 'no_such_function'"):
        included(course, course.lab("01"), "start:shop/points.py#no_such_function")


def test_a_missing_file_stops_the_build() -> None:
    """The lesson names a file that this state does not have."""
    course = Course(root())

    with pytest.raises(EngineFault, match=r"no file 'shop/dashboard.py' in 'solution'"):
        included(course, course.lab("01"), "solution:shop/dashboard.py#everything")


def test_an_unknown_state_stops_the_build() -> None:
    """The lesson names a wrong version that there is not."""
    course = Course(root())

    with pytest.raises(EngineFault, match="has no state 'wrong/perfect'"):
        included(course, course.lab("01"), "wrong/perfect:shop/app.py")
