"""A course that is whole is proven; each way of breaking it stops verify, with the file to mend."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checker.course import Course, Lab
from checker.errors import N_, EngineFault, SeamworkError
from checker.verify import Proof, RowProof, State, verify

TINY = Path(__file__).parent / "tiny"


def prove(root: Path, **options: object) -> Proof:
    """Prove lab 01 with one worker, and only what is stale."""
    return verify(root, labs=["01"], draw=False, jobs=1, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Proof]]:
    """Prove lab 01 of the tiny course, once for all tests in here."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(TINY, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    yield root, verify(root, labs=["01"], draw=False, jobs=2)
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


def test_one_row_is_drawn_again(course: Path) -> None:
    """Chance picks one proven row, and it is run again."""
    seen: list[RowProof] = []

    verify(course, labs=["01"], jobs=1, on_row=seen.append)

    assert [row.state for row in seen if row.drawn] == [State.PROVEN]


def test_changed_row_is_run_alone(course: Path) -> None:
    """A comment in one right version leaves the others proven."""
    spoil(course / "labs/01-split/right/fastapi/counter_api.py", "once more", "again")

    ran = [row.row for row in prove(course).labs[0].rows if row.state is not State.UNCHANGED]

    assert ran == ["right/fastapi"]


def no_wrong_version(root: Path) -> None:
    shutil.rmtree(root / "labs/01-split/wrong/both-answer")


def another_note(root: Path) -> None:
    note = root / "labs/01-split/wrong/counter-forgets/NOTE.md"
    spoil(note, "test_counter_owns_the_counts", "test_greeter_keeps_no_counts")


def blocked_kill(root: Path) -> None:
    note = root / "labs/01-split/wrong/counter-forgets/NOTE.md"
    spoil(note, "test_counter_owns_the_counts", "test_counter_owns_the_counts, test_greeter_tells_counter")


def right_is_wrong(root: Path) -> None:
    spoil(root / "labs/01-split/right/one-file/both.py", "counts[name] += 1", "counts[name] += 2")


def starter_is_done(root: Path) -> None:
    shutil.copytree(root / "solutions/01-split/counter", root / "labs/01-split/starter/counter", dirs_exist_ok=True)
    shutil.copytree(root / "solutions/01-split/greeter", root / "labs/01-split/starter/greeter")
    Course(root).record()


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


def reasons_are_missing(root: Path) -> None:
    (root / "solutions/01-split/WHY.md").unlink()


@pytest.mark.parametrize(
    ("breaks", "file", "words"),
    [
        (no_wrong_version, "labs/01-split/checks/test_split.py", "no wrong version fails test_greeter_keeps_no_counts"),
        (another_note, "labs/01-split/wrong/counter-forgets/NOTE.md", "does not name test_counter_owns_the_counts"),
        (
            another_note,
            "labs/01-split/wrong/counter-forgets/NOTE.md",
            "says that test_greeter_keeps_no_counts fails; it p",
        ),
        (
            blocked_kill,
            "labs/01-split/wrong/counter-forgets/NOTE.md",
            "test_greeter_tells_counter fails; it is blocked",
        ),
        (right_is_wrong, "labs/01-split/right/one-file", "is a right answer, and test_counter_owns_the_counts fails"),
        (starter_is_done, "labs/01-split/starter", "fails none of its checks"),
        (section_is_missing, "labs/01-split/guide.zh.md", "lacks the section '思路'"),
        (anchor_is_missing, "labs/01-split/guide.zh.md", "has no place 'turn'"),
        (guide_is_missing, "labs/01-split/guide.zh.md", "is not there"),
        (claim_is_missing, "", "test_counter_owns_the_counts lacks its claim in zh. Write it in checks/claims.zh.toml"),
        (base_has_changed, "labs/01-split/starter/overlay.toml", "replaces Procfile as it was"),
        (metadata_is_wrong, "labs/01-split/lab.toml", "minutes = 'long'"),
        (reasons_are_missing, "solutions/01-split/WHY.md", "is not there"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_broken_is_named(course: Path, breaks: Callable[[Path], None], file: str, words: str) -> None:
    """Verify stops with 1 and names the file to mend."""
    breaks(course)

    proof = prove(course)

    named = [problem for problem in proof.all_problems if words in str(problem)]
    assert [str(problem.values.get("file", "")).removeprefix(f"{course}/") for problem in named] == [file]
    assert proof.exit_code == 1


def test_stale_notebook_stops_verify(course: Path) -> None:
    """What the derivation says of notebooks is a problem like any other."""

    def stale(_course: Course, lab: Lab) -> list[SeamworkError]:
        return [EngineFault(N_("{file} is not up to date."), file=f"notebooks/en/{lab.name}.ipynb")]

    proof = prove(course, stale=stale)

    assert [str(problem) for problem in proof.all_problems] == ["notebooks/en/01-split.ipynb is not up to date."]
    assert proof.exit_code == 1


def test_failed_row_is_not_kept(course: Path) -> None:
    """What failed is run again the next time, until it is mended."""
    right_is_wrong(course)
    prove(course)

    again = {row.row: row.state for row in prove(course).labs[0].rows}

    assert again["right/one-file"] is State.FAILED
    assert again["solution"] is State.UNCHANGED
