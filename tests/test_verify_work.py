"""Workers, the hunt for flakes, form, a new lab: the parts of verify that start or write something."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from checker.cli.verify import command
from checker.course import Course, write_tree
from checker.errors import UsageError
from checker.verify import lay_out, repeat, verify
from checker.verify.crew import Crew
from checker.verify.form import form
from checker.verify.papers import lab_gaps

TINY = Path(__file__).parent / "tiny"
NO_SUCH_LAB = {"lab": "99", "tree": "/nowhere", "cold": False, "passes": []}


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Path]:
    """Copy the tiny course."""
    root = tmp_path / "course"
    shutil.copytree(TINY, root, ignore=shutil.ignore_patterns("__pycache__"))
    yield root
    shutil.rmtree(root)


def test_dead_worker_costs_its_job_alone(course: Path) -> None:
    """The job of a worker that was killed is undecided; the next one has a new worker."""
    with Crew(course, most=1) as crew:
        first = next(iter(crew.run([("first", NO_SUCH_LAB)])))
        crew._workers[0]._process.kill()
        later = list(crew.run([("second", NO_SUCH_LAB), ("third", NO_SUCH_LAB)]))

    assert [answer["undecided"] for _, answer in [first, *later]] == [False, True, False]
    assert "exit code -9" in later[0][1]["error"]


def test_ctrl_c_leaves_nothing(course: Path) -> None:
    """Stopped in the middle of a row, verify goes with 130; what it had started is counted after this test."""
    program = "import sys; sys.argv[0] = 'seamwork'; from checker.cli import main; main()"
    words = [sys.executable, "-c", program, "verify", "--course", str(course), "--full", "--jobs", "1"]
    verifying = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with verifying:
        assert verifying.stdout is not None
        assert "00-hello" in verifying.stdout.readline()
        verifying.send_signal(signal.SIGINT)

        assert verifying.wait(20) == 130


def test_flake_is_told_with_its_seed(course: Path) -> None:
    """A solution that fails in repeated runs is shown by check, seed and words."""
    broken = course / "labs/00-hello/wrong/forgets/greeter/counts.py"
    shutil.copy(broken, course / "labs/monolith/greeter/counts.py")

    found = repeat(course, labs=("00",), times=2, jobs=1)

    assert (found.runs, found.bad, found.exit_code) == (2, 2, 1)
    assert {flake.check for flake in found.flakes} == {"test_greeter_counts"}
    assert len({flake.seed for flake in found.flakes}) == 2


def test_form_of_a_solution_is_held(course: Path, tmp_path: Path) -> None:
    """A solution that is not formatted, or whose types do not fit, is named."""
    file = course / "solutions/01-split/counter/app.py"
    file.write_text(file.read_text("utf-8") + "\n\nbroken : int = 'one'\n", "utf-8")
    tiny = Course(course)
    write_tree(tiny.end(tiny.lab("01")), tmp_path / "tree")

    first, second = form(course, "solutions/01-split", tmp_path / "tree")

    assert str(first).startswith("solutions/01-split/counter/app.py is not formatted.")
    assert "counter/app.py:21: error: Incompatible types in assignment" in str(second)


def test_new_lab_lacks_only_its_words(course: Path) -> None:
    """What is laid out has the right shape; verify says what is to be written."""
    files = lay_out(course, "13-caching")
    fresh = Course(course)

    gaps = [str(gap) for gap in lab_gaps(fresh, fresh.lab("13"))]

    assert all(file.is_file() for file in files)
    assert [gap.partition(" lacks its ")[2].partition(".")[0] for gap in gaps] == [
        "why in en",
        "hints in en",
        "claim in zh",
        "why in zh",
        "hints in zh",
    ]


@pytest.mark.parametrize("name", ["13", "caching", "13_caching", "01-again"])
def test_new_lab_needs_a_free_name(course: Path, name: str) -> None:
    """A name that is none, or a number that is taken, is refused, and nothing is written."""
    with pytest.raises(UsageError):
        lay_out(course, name)

    assert not (course / "solutions" / name).exists()


def test_record_shows_old_and_new(course: Path) -> None:
    """Recording says what each overlay sat on before, and sits on now."""
    with (course / "labs/monolith/Procfile").open("a", encoding="utf-8") as procfile:
        procfile.write("# more\n")

    ran = CliRunner().invoke(command, ["--course", str(course), "--record"])

    assert "labs/01-split/starter  replaces Procfile  dd3e8c0dc4e8 → " in ran.output
    assert ran.exit_code == 0


def test_interrupted_proof_is_kept(course: Path) -> None:
    """What was proven before somebody lost patience need not be proven again."""

    def stop(_row: object) -> None:
        raise KeyboardInterrupt

    (course / "labs/01-split/proven.json").unlink(missing_ok=True)
    with pytest.raises(KeyboardInterrupt):
        verify(course, stale=lambda _course, _lab: [], labs=["01"], on_row=stop)

    kept = json.loads((course / "labs/01-split/proven.json").read_text("utf-8"))["rows"]
    assert len(kept) == 1
