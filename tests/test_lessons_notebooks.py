"""Notebooks are derived from guides, and the committed ones are today's."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from checker.course import LANGUAGES, Course, Lab, root
from checker.errors import EngineFault
from checker.lessons import build, cells_of, notebook_file, stale_notebooks
from checker.lessons.guide import Cell
from checker.lessons.run import run_cells

TINY = Path(__file__).parent / "tiny"
RUNS = "\n```{code-cell} ipython3\n:state: start\n%check 00\n```\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Lay out the tiny course, its first lab's guides with nothing to run."""
    shutil.copytree(TINY, tmp_path / "course")
    for name in ("guide.md", "guide.zh.md"):
        (tmp_path / "course/labs/00-hello" / name).write_text("---\n---\n\n# Hello\n\n(see)=\n## What goes wrong\n")
    return Course(tmp_path / "course")


def made(course: Course) -> Course:
    """Build both notebooks of its first lab."""
    for language in LANGUAGES:
        build(course, course.labs[0], language)
    return course


def test_a_fresh_notebook_is_up_to_date(course: Course) -> None:
    """What was just made is what the guide makes."""
    assert stale_notebooks(made(course), course.labs[0]) == []


def test_building_twice_gives_the_same_bytes(course: Course) -> None:
    """Nothing in a notebook says when or where it was made."""
    first = build(course, course.labs[0], "en").read_bytes()

    assert build(course, course.labs[0], "en").read_bytes() == first


def test_a_changed_guide_makes_its_notebook_stale(course: Course) -> None:
    """A word more in the guide, and the cell that lacks it is named."""
    guide = made(course).labs[0].guide("en")
    guide.write_text(guide.read_text() + "One word more.\n")

    (fault,) = stale_notebooks(course, course.labs[0])
    assert (
        str(fault)
        == "notebooks/00-hello.ipynb is not what labs/00-hello/guide.md makes today; its cell 2 is another. Run: make lessons"
    )


def test_a_cell_too_few_is_seen(course: Course) -> None:
    """A new cell at the end of a guide is missing in the notebook."""
    guide = made(course).labs[0].guide("zh")
    guide.write_text(guide.read_text() + RUNS)

    (fault,) = stale_notebooks(course, course.labs[0])
    assert fault.values["number"] == 3


def test_a_missing_notebook_is_named(course: Course) -> None:
    """Once a course has notebooks, each guide has one."""
    notebook_file(made(course), course.labs[0], "zh").unlink()

    (fault,) = stale_notebooks(course, course.labs[0])
    assert str(fault).startswith("notebooks/00-hello.zh.ipynb is not there")


def test_a_course_without_notebooks_derives_none(course: Course) -> None:
    """A course that keeps no notebooks is asked for none."""
    assert stale_notebooks(course, course.labs[0]) == []


def test_cells_of_one_state_share_a_kernel() -> None:
    """What a cell defines is there for the next one on that state, and gone on another; places are masked."""
    cells = [
        Cell("x = 1", "start"),
        Cell("import os; print(x, os.getcwd())", "start"),
        Cell("print('x' in dir())", "solution"),
    ]

    outputs = run_cells(cells, lambda _state, folder: folder.mkdir(), "en")

    assert [[each["text"] for each in output] for output in outputs] == [[], ["1 ~/bazaar/notebooks\n"], ["False\n"]]


def test_a_cell_that_raises_stops_the_build() -> None:
    """A lesson never shows a traceback by accident."""
    with pytest.raises(EngineFault, match="ZeroDivisionError"):
        run_cells([Cell("1 / 0", "start")], lambda _state, folder: folder.mkdir(), "en")


@pytest.mark.parametrize("lab", Course(root()).labs, ids=lambda lab: lab.name)
def test_the_committed_notebooks_are_todays(lab: Lab) -> None:
    """Whoever changes a guide, or what it includes, makes its notebooks again."""
    assert [str(fault) for fault in stale_notebooks(Course(root()), lab)] == []


@pytest.mark.parametrize("file", sorted((root() / "notebooks").glob("*.ipynb")), ids=lambda file: file.name)
def test_every_code_cell_was_run(file: Path) -> None:
    """Cells are numbered without a gap, in the order in which they ran."""
    cells = [cell for cell in json.loads(file.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]

    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


@pytest.mark.parametrize("lab", Course(root()).labs, ids=lambda lab: lab.name)
def test_both_languages_run_the_same(lab: Lab) -> None:
    """The code cells of a guide are the same in both languages, in the same order."""
    course = Course(root())

    english, chinese = ([cell for cell in cells_of(course, lab, language) if cell.runs] for language in LANGUAGES)
    assert english == chinese


@pytest.mark.parametrize("lab", Course(root()).labs, ids=lambda lab: lab.name)
def test_both_languages_were_answered_the_same(lab: Lab) -> None:
    """Where a request got 200 in one language, the other does not show a shop that was just starting again."""
    course = Course(root())

    english, chinese = (answers(notebook_file(course, lab, language)) for language in LANGUAGES)
    assert english == chinese


def answers(file: Path) -> list[str]:
    """Return what each %request of a notebook came to, without its time: "200 OK"."""
    cells = [cell for cell in json.loads(file.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    asking = [cell for cell in cells if re.match(r"%%?request ", "".join(cell["source"]))]
    return [re.split(r" {3}|\n", "".join(cell["outputs"][0]["data"]["text/plain"]))[0] for cell in asking]
