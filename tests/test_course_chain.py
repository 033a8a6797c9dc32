"""The chain of overlays adds up to each lab's start and end, and never covers up a change below."""

import shutil
from pathlib import Path

import pytest

from checker.course import Course, Overlay, digest
from checker.course.tree import File
from checker.errors import EngineFault, UsageError

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Copy the tiny course, to change it."""
    return Path(shutil.copytree(TINY, tmp_path / "a course 课程"))


def test_start_is_all_before_plus_the_starter() -> None:
    """Lab 02 starts with lab 01's solution, and with its own starter's file."""
    course = Course(TINY)

    start = course.start(course.lab("02"))

    assert b"COUNTER_URL" in start["greeter/app.py"].data
    assert {"greeter/patience.py", "counter/counts.py", "web.py"} < start.keys()


def test_deleted_file_is_gone_at_the_end() -> None:
    """A deletion that the overlay records takes the file out."""
    course = Course(TINY)

    lab = course.lab("01")

    assert "greeter/counts.py" in course.start(lab)
    assert "greeter/counts.py" not in course.end(lab)


def test_papers_are_not_laid_out() -> None:
    """WHY.md, NOTE.md and overlay.toml are for us; a learner's folder has none of them."""
    course = Course(TINY)

    trees = [course.end(lab) for lab in course.labs] + [
        course.laid(lab, version) for lab in course.labs for version in (*course.wrong(lab), *course.right(lab))
    ]

    assert not {"WHY.md", "NOTE.md", "overlay.toml"} & {path for tree in trees for path in tree}


def test_variant_stands_in_for_the_solution() -> None:
    """A variant is laid over the same start; the chain goes on with the first solution."""
    course = Course(TINY)
    lab = course.lab("02")

    assert course.variants(lab) == ("thread",)
    assert b"ThreadPool" in course.end(lab, "thread")["greeter/app.py"].data
    assert b"ThreadPool" not in course.end(lab)["greeter/app.py"].data


def test_unknown_variant_lists_what_there_is() -> None:
    """A variant that does not exist is a sentence with those that do."""
    course = Course(TINY)

    with pytest.raises(UsageError, match=r"Lab 02-more has no solution 'etcd'. There are: thread"):
        course.end(course.lab("02"), "etcd")


def test_right_version_can_be_laid_over_the_start() -> None:
    """A version in another manner says what it is laid over; otherwise the solution."""
    course = Course(TINY)
    lab = course.lab("01")
    fastapi, one_file = course.right(lab)

    assert "counter/app.py" in course.laid(lab, fastapi)
    assert sorted(course.laid(lab, one_file)) == ["Procfile", "both.py", "web.py"]


def test_wrong_version_names_what_it_fails() -> None:
    """The first line of a NOTE.md names the checks that must fail."""
    course = Course(TINY)

    mistakes = {mistake.name: mistake.kills for mistake in course.wrong(course.lab("01"))}

    assert mistakes["counts-at-home"] == ("test_greeter_tells_counter",)


@pytest.mark.parametrize("note", ["", "It is wrong.\n\ntest_greeter_greets", "Fails: test_gone"])
def test_wrong_version_must_name_a_check_of_its_lab(root: Path, note: str) -> None:
    """A wrong version that names no check proves nothing."""
    (root / "labs/00-hello/wrong/shouts/NOTE.md").write_text(note)
    course = Course(root)

    with pytest.raises(EngineFault, match=r"shouts/NOTE\.md must name, .* There are: test_greeter_greets"):
        course.wrong(course.lab("00"))


def test_change_below_is_a_loud_error(root: Path) -> None:
    """A file that changed under an overlay stops the chain, with both versions and the command that mends it."""
    (root / "labs/monolith/greeter/app.py").write_text("changed\n")
    course = Course(root)

    with pytest.raises(EngineFault) as caught:
        course.end(course.lab("01"))

    new = digest(File(b"changed\n"))[:12]
    assert "solutions/01-split replaces greeter/app.py as it was (" in str(caught.value)
    assert f"but below it is {new}… now." in str(caught.value)
    assert "seamwork verify --record" in str(caught.value)


def test_change_below_a_deletion_is_a_loud_error(root: Path) -> None:
    """A file that changed is not silently deleted either."""
    (root / "labs/monolith/greeter/counts.py").write_text("changed\n")
    course = Course(root)

    with pytest.raises(EngineFault, match=r"solutions/01-split deletes greeter/counts\.py as it was"):
        course.end(course.lab("01"))


def test_unrecorded_replacement_is_a_loud_error(root: Path) -> None:
    """A new file of an overlay that turns out to cover one below does not slip in."""
    (root / "labs/02-more/starter/web.py").write_text("mine\n")
    course = Course(root)

    with pytest.raises(EngineFault, match=r"02-more/starter replaces web\.py, but .*overlay\.toml does not record"):
        course.start(course.lab("02"))


def test_deletion_of_what_is_not_there_is_a_loud_error(root: Path) -> None:
    """A deletion must hit something."""
    (root / "solutions/02-more/overlay.toml").write_text('deletes = ["gone.py"]\n')
    course = Course(root)

    with pytest.raises(EngineFault, match=r"02-more/overlay\.toml deletes gone\.py, which is not there below it"):
        course.record()


def test_recorded_file_that_the_overlay_lacks_is_a_loud_error(root: Path) -> None:
    """An entry left over from a file that was taken out of the overlay is named."""
    (root / "labs/01-split/starter/Procfile").unlink()
    course = Course(root)

    with pytest.raises(EngineFault, match=r"records that Procfile is replaced, but labs/01-split/starter has no such"):
        course.start(course.lab("01"))


def test_bringing_and_deleting_one_file_is_refused(root: Path) -> None:
    """Bring it or delete it: an overlay cannot do both."""
    (root / "solutions/02-more/overlay.toml").write_text('deletes = ["greeter/app.py"]\n')

    with pytest.raises(EngineFault, match=r"deletes greeter/app\.py, which solutions/02-more brings"):
        Course(root).record()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base = "middle"', "says base = 'middle'; expected is solution or start"),
        ('[replaces]\n"web.py" = "abc"', "says replaces.web.py = 'abc'; expected is a SHA-256"),
        ('[replace]\n"web.py" = ""', "has replace, which means nothing here. Known here: base, replaces, deletes"),
    ],
)
def test_fault_in_overlay_toml_names_key_and_value(root: Path, text: str, said: str) -> None:
    """What is wrong in an overlay.toml is said with its file, key and value."""
    (root / "solutions/02-more/overlay.toml").write_text(text)
    course = Course(root)

    with pytest.raises(EngineFault, match=said):
        course.end(course.lab("02"))


def test_recording_mends_the_chain_and_shows_old_and_new(root: Path) -> None:
    """After recording, the chain holds again; what changed is returned, first lab first, and once."""
    old = digest(Course(root).start(Course(root).lab("00"))["web.py"])
    (root / "labs/monolith/web.py").write_text("changed\n")
    (root / "solutions/01-split/web.py").write_text("mine\n")
    (root / "solutions/02-more/overlay.toml").write_text('deletes = ["counter/"]\n')

    changes = Course(root).record()

    course = Course(root)
    told = {(change.overlay, change.what, change.path) for change in changes}
    assert ("solutions/01-split", "replaces", "web.py") in told
    assert ("solutions/02-more", "deletes", "counter/app.py") in told
    assert course.end(course.lab("02")).keys().isdisjoint({"counter/app.py", "counter/counts.py"})
    assert old not in {change.new for change in changes}
    assert course.record() == []


def test_recording_shows_the_version_before(root: Path) -> None:
    """An author sees which version an overlay was made for, and which one it meets now."""
    before = digest(File((root / "labs/monolith/Procfile").read_bytes()))
    (root / "labs/monolith/Procfile").write_text("greeter: python -u -m greeter.app\n")

    change = Course(root).record()[0]

    assert (change.path, change.old) == ("Procfile", before)
    assert change.new == digest(File(b"greeter: python -u -m greeter.app\n"))


def test_symbolic_link_in_a_course_is_refused(root: Path) -> None:
    """A course holds files; a link would lead elsewhere on each machine."""
    (root / "labs/monolith/link").symlink_to("/etc/passwd")
    course = Course(root)

    with pytest.raises(EngineFault, match=r"link is a symbolic link"):
        course.start(course.lab("00"))


def test_missing_overlay_lays_out_nothing(tmp_path: Path) -> None:
    """A lab without a starter starts with what was there."""
    base = {"a.py": File(b"a")}

    assert Overlay(tmp_path / "starter", tmp_path).lay(base) == base


def test_executable_files_stay_executable(root: Path) -> None:
    """The bit that lets a file run goes through the chain."""
    (root / "labs/monolith/web.py").chmod(0o755)
    course = Course(root)

    tree = course.end(course.lab("02"))

    assert tree["web.py"].executable
    assert not tree["Procfile"].executable
