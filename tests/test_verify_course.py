"""A course that is whole is proven; each way of breaking it stops verify, with the file to mend."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checker.course import Course
from checker.lessons import stale_notebooks
from checker.verify import Proof, State, verify

TINY = Path(__file__).parent / "tiny"
CELL = "```{code-cell} ipython3\n"
STATED = CELL + ":state: solution\n"
BROKEN = {"starter", "right/one-file", "wrong/counter-forgets", "wrong/counts-at-home"}


def prove(root: Path) -> Proof:
    """Prove lab 01 where it is stale, and there alone."""
    return verify(root, stale=stale_notebooks, labs=["01"], draw=False, jobs=1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Proof]]:
    """Prove lab 01 of the tiny course, once for all tests in here."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(TINY, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    yield root, verify(root, stale=stale_notebooks, labs=["01"], draw=False, jobs=2)
    shutil.rmtree(root)


@pytest.fixture
def course(whole: tuple[Path, Proof], tmp_path: Path) -> Iterator[Path]:
    """Copy the proven course, to break it."""
    root = tmp_path / "course"
    shutil.copytree(whole[0], root, ignore=shutil.ignore_patterns(".mypy_cache"))
    yield root
    shutil.rmtree(root)


def spoil(file: Path, old: str, new: str) -> None:
    """Put something else into a file; what is replaced must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_whole_course_is_proven(whole: tuple[Path, Proof]) -> None:
    """The starter fails, the solution and the right ones pass, each wrong one is caught as it says."""
    _, proof = whole

    assert [str(problem) for problem in proof.all_problems] == []
    assert {row.state for row in proof.labs[0].rows} == {State.PROVEN}


def test_unchanged_rows_are_not_run(course: Path) -> None:
    """What was proven is not proven twice."""
    proof = prove(course)

    assert {row.state for row in proof.labs[0].rows} == {State.UNCHANGED}
    assert proof.exit_code == 0


def test_guide_makes_nothing_stale(course: Path) -> None:
    """No verdict hangs on a lesson's words."""
    spoil(course / "labs/01-split/guide.md", "Somebody else", "Somebody")

    assert {row.state for row in prove(course).labs[0].rows} == {State.UNCHANGED}


# What stops verify before anything is run


def no_wrong_version(root: Path) -> None:
    shutil.rmtree(root / "labs/01-split/wrong/both-answer")


def section_is_missing(root: Path) -> None:
    spoil(root / "labs/01-split/guide.zh.md", "## 思路", "")


def anchor_is_missing(root: Path) -> None:
    spoil(root / "labs/01-split/guide.zh.md", "(turn)=", "")


def guide_is_missing(root: Path) -> None:
    (root / "labs/01-split/guide.zh.md").unlink()


def claim_is_missing(root: Path) -> None:
    (root / "labs/01-split/checks/claims.zh.toml").unlink()


def base_has_changed(root: Path) -> None:
    spoil(root / "labs/monolith/Procfile", "greeter:", "greeter: ")


def metadata_is_wrong(root: Path) -> None:
    spoil(root / "labs/01-split/lab.toml", "minutes = 15", 'minutes = "long"')


def note_names_nothing(root: Path) -> None:
    spoil(root / "labs/01-split/wrong/both-answer/NOTE.md", "test_greeter_keeps_no_counts", "what it must")


def notebook_is_missing(root: Path) -> None:
    (root / "notebooks").mkdir()
    for guide in ("guide.md", "guide.zh.md"):
        text = (root / "labs/01-split" / guide).read_text("utf-8")
        (root / "labs/01-split" / guide).write_text(
            text.replace(":state: solution\n", "").replace(CELL, STATED), "utf-8"
        )


def notebook_is_stale(root: Path) -> None:
    notebook_is_missing(root)
    (root / "notebooks/01-split.zh.ipynb").write_text('{"cells": [], "metadata": {}}', "utf-8")


def lines_are_too_many(root: Path) -> None:
    spoil(root / "labs/01-split/lab.toml", "minutes = 15", "minutes = 15\nlines = 5")


def reasons_are_missing(root: Path) -> None:
    (root / "solutions/01-split/WHY.md").unlink()


@pytest.mark.parametrize(
    ("breaks", "file", "words"),
    [
        (no_wrong_version, "labs/01-split/checks/test_split.py", "no wrong version fails test_greeter_keeps_no_counts"),
        (section_is_missing, "labs/01-split/guide.zh.md", "lacks the section '思路'"),
        (anchor_is_missing, "labs/01-split/guide.zh.md", "has no place 'turn'"),
        (guide_is_missing, "labs/01-split/guide.zh.md", "is not there"),
        (claim_is_missing, "", "test_counter_owns_the_counts lacks its claim in zh. Write it in checks/claims.zh.toml"),
        (base_has_changed, "labs/01-split/starter/overlay.toml", "replaces Procfile as it was"),
        (metadata_is_wrong, "labs/01-split/lab.toml", "minutes = 'long'"),
        (note_names_nothing, "labs/01-split/wrong/both-answer/NOTE.md", "must name, in its first line"),
        (notebook_is_missing, "notebooks/01-split.ipynb", "01-split.ipynb is not there"),
        (notebook_is_stale, "notebooks/01-split.zh.ipynb", "is not what labs/01-split/guide.zh.md makes today"),
        (lines_are_too_many, "solutions/01-split", "lines of logic by hand; a lab takes 5 at the most"),
        (reasons_are_missing, "solutions/01-split/WHY.md", "is not there"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_broken_is_named(course: Path, breaks: Callable[[Path], None], file: str, words: str) -> None:
    """Verify stops with 1 and names the file to mend, once."""
    breaks(course)

    proof = prove(course)

    assert files(course, proof, words) == [file]
    assert proof.exit_code == 1


# What only running shows


@pytest.fixture(scope="module")
def broken(whole: tuple[Path, Proof], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Proof]]:
    """Break four versions of the proven lab at once: they do not meet. Runs what that made stale, and one drawn row."""
    root = tmp_path_factory.mktemp("broken")
    shutil.copytree(whole[0], root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".mypy_cache"))
    lab = root / "labs/01-split"
    spoil(lab / "right/one-file/both.py", "counts[name] += 1", "counts[name] += 2")
    spoil(lab / "wrong/counter-forgets/NOTE.md", "_the_counts", "_the_counts, test_greeter_tells_counter")
    spoil(lab / "wrong/counts-at-home/NOTE.md", "test_greeter_tells_counter", "test_greeter_keeps_no_counts")
    shutil.copytree(root / "solutions/01-split/counter", lab / "starter/counter", dirs_exist_ok=True)
    shutil.copytree(root / "solutions/01-split/greeter", lab / "starter/greeter")
    Course(root).record()
    yield root, verify(root, stale=stale_notebooks, labs=["01"], jobs=2)
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("right/one-file", "is a right answer, and test_counter_owns_the_counts fails on it"),
        ("wrong/counter-forgets/NOTE.md", "says that test_greeter_tells_counter fails; it is blocked"),
        ("wrong/counts-at-home/NOTE.md", "says that test_greeter_keeps_no_counts fails; it passes"),
        ("wrong/counts-at-home/NOTE.md", "does not name test_greeter_tells_counter, which fails too"),
        ("starter", "fails none of its checks"),
    ],
)
def test_what_runs_wrong_is_named(broken: tuple[Path, Proof], file: str, words: str) -> None:
    """The version that is not as it must be is named, with what to mend."""
    assert files(*broken, words) == [f"labs/01-split/{file}"]


def test_only_stale_and_drawn_rows_ran(broken: tuple[Path, Proof]) -> None:
    """The four that changed are run and fail; of the others chance picks one, which is proven again."""
    ran = [row for row in broken[1].labs[0].rows if row.state is not State.UNCHANGED]

    assert {row.row for row in ran if row.state is State.FAILED} == BROKEN
    assert [row.state for row in ran if row.drawn] == [State.PROVEN]
    assert len(ran) == len(BROKEN) + 1


def test_what_failed_is_not_kept(broken: tuple[Path, Proof]) -> None:
    """What failed is run again the next time; what was proven before stays so."""
    kept = json.loads((broken[0] / "labs/01-split/proven.json").read_text("utf-8"))["rows"]

    assert not BROKEN & kept.keys()
    assert {"solution", "right/fastapi", "wrong/both-answer"} <= kept.keys()


def files(root: Path, proof: Proof, words: str) -> list[str]:
    """Return the files to mend of the problems that say these words."""
    named = [problem.values.get("file", "") for problem in proof.all_problems if words in str(problem)]
    return [str(file).removeprefix(f"{root}/") for file in named]
