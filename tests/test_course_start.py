"""From lab to lab, onto the learner's own work; nothing of theirs is ever lost, and there is always a way back."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.course import (
    Course,
    File,
    Workspace,
    abort_start,
    continue_start,
    init,
    reset,
    start,
    start_fresh,
    write_tree,
)
from checker.errors import UsageError

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(autouse=True, scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tell git the name of the learner."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = x\n")
    (home / "git").mkdir()
    (home / "git" / "config").write_text("[core]\n\tfsync = none\n[fastimport]\n\tunpackLimit = 0\n")  # quicker
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GIT_")]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield home


@pytest.fixture(scope="module")
def made(ada: Path) -> Workspace:
    """Make a workspace at lab 00, once, to be copied."""
    return init(ada / "made", Course(TINY))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Copy the tiny course, to change it."""
    return Path(shutil.copytree(TINY, tmp_path / "course"))


@pytest.fixture
def bazaar(tmp_path: Path, made: Workspace) -> Workspace:
    """Give a workspace at lab 00."""
    return Workspace.open(shutil.copytree(made.path, tmp_path / "我的 bazaar"), Course(TINY))


@pytest.fixture
def torn(bazaar: Workspace) -> Workspace:
    """Make a workspace whose start of lab 01 is in conflict: both have changed the Procfile."""
    (bazaar.path / "Procfile").write_text("greeter: python -u -m greeter.app\n")
    assert start(bazaar, bazaar.course.lab("01")).conflicts
    return bazaar


def git(workspace: Workspace, *words: str) -> str:
    """Ask git there, as the learner would."""
    done = subprocess.run(["git", *words], cwd=workspace.path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def log(workspace: Workspace) -> list[str]:
    """List the subjects of the commits, oldest first."""
    return git(workspace, "log", "--reverse", "--format=%s").splitlines()


def test_start_merges_onto_the_learners_work(bazaar: Workspace) -> None:
    """Their change stays, the starter's files are there, the marker says the new lab."""
    app = bazaar.path / "greeter" / "app.py"
    app.write_text(app.read_text().replace("Hello", "Hi"))

    moved = start(bazaar, bazaar.course.lab("01"))

    assert (moved.committed, moved.tag, moved.conflicts) == ("Before lab 01", "before-01", ())
    assert "Hi, " in app.read_text()
    assert (bazaar.path / "counter" / "app.py").exists()
    assert bazaar.lab.number == "01"
    assert git(bazaar, "status", "--porcelain") == ""


def test_start_commits_in_the_learners_name(bazaar: Workspace) -> None:
    """What was not committed is, before the lab's own commit, by the learner."""
    (bazaar.path / "notes.md").write_text("mine")

    start(bazaar, bazaar.course.lab("01"))

    assert log(bazaar) == ["Start lab 00: Hello", "Before lab 01", "Start lab 01: Split"]
    assert set(git(bazaar, "log", "--format=%an %ae %cn").splitlines()) == {"Ada ada@example.org Ada"}
    assert git(bazaar, "show", "before-01:notes.md") == "mine"


def test_start_leaves_no_ref_behind(bazaar: Workspace) -> None:
    """Their branch and the tag: no ref of ours."""
    start(bazaar, bazaar.course.lab("01"))

    assert git(bazaar, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/tags/before-01"]


def test_start_keeps_their_own_layout(bazaar: Workspace) -> None:
    """A learner who renamed a file has it changed where it is now, as git's cherry-pick does."""
    start(bazaar, bazaar.course.lab("01"))
    git(bazaar, "mv", "web.py", "my_web.py")

    start(bazaar, bazaar.course.lab("02"))

    assert not (bazaar.path / "web.py").exists()
    assert (bazaar.path / "my_web.py").exists()


def test_start_deletes_what_the_lab_deletes(course: Path, tmp_path: Path) -> None:
    """A starter that takes a file away takes it out of the learner's folder; git still has it."""
    (course / "labs/01-split/starter/overlay.toml").write_text('deletes = ["greeter/counts.py"]\n')
    (course / "solutions/01-split/overlay.toml").unlink()
    shutil.rmtree(course / "labs/01-split/right")
    Course(course).record()
    workspace = init(tmp_path / "bazaar", Course(course))

    moved = start(workspace, workspace.course.lab("01"))

    assert moved.conflicts == ()
    assert not (workspace.path / "greeter" / "counts.py").exists()
    assert "Count one more" in git(workspace, "show", "before-01:greeter/counts.py")


def test_start_with_nothing_to_bring_still_goes_on(course: Path, tmp_path: Path) -> None:
    """An empty starter only moves the marker on."""
    shutil.rmtree(course / "labs/02-more/starter")
    workspace = init(tmp_path / "bazaar", Course(course), at=Course(course).lab("01"), solved=True)

    start(workspace, workspace.course.lab("02"))

    assert git(workspace, "diff", "--name-only", "HEAD^", "HEAD") == "seamwork.toml"


def test_conflict_is_shown_as_git_shows_it(torn: Workspace) -> None:
    """The file holds both versions between git's marks, and git itself says what is under way."""
    text = (torn.path / "Procfile").read_text()

    assert text.startswith("<<<<<<< HEAD\ngreeter: python -u -m greeter.app\n=======\n")
    assert "counter: python -m counter.app\n>>>>>>> " in text
    assert "cherry-pick" in git(torn, "status")


def test_conflict_names_file_and_both_sides(bazaar: Workspace) -> None:
    """What was returned says which file, and what each side did to it."""
    (bazaar.path / "Procfile").unlink()
    (bazaar.path / "counter").mkdir()
    (bazaar.path / "counter" / "app.py").write_text("mine\n")

    conflicts = start(bazaar, bazaar.course.lab("01")).conflicts

    assert {conflict.path: conflict.how for conflict in conflicts} == {
        "Procfile": "deleted by you, changed by the lab",
        "counter/app.py": "added by you and by the lab",
    }


def test_abort_brings_back_what_was(torn: Workspace) -> None:
    """The way back ends where the learner was, with their work committed and no tag left."""
    moved = abort_start(torn)

    assert (moved.lab.number, torn.lab.number) == ("00", "00")
    assert (torn.path / "Procfile").read_text() == "greeter: python -u -m greeter.app\n"
    assert log(torn) == ["Start lab 00: Hello", "Before lab 01"]
    assert git(torn, "tag") == ""


def test_continue_ends_a_resolved_start(torn: Workspace) -> None:
    """Resolved and added, the start ends as any other."""
    (torn.path / "Procfile").write_text("greeter: python -u -m greeter.app\ncounter: python -m counter.app\n")
    git(torn, "add", "Procfile")

    moved = continue_start(torn)

    assert (moved.lab.number, moved.tag, torn.lab.number) == ("01", "before-01", "01")
    assert log(torn)[-2:] == ["Before lab 01", "Start lab 01: Split"]
    assert (torn.path / "counter" / "app.py").exists()


def test_git_itself_can_end_the_start(torn: Workspace) -> None:
    """Who knows git needs no word of ours: its own --continue does the same."""
    (torn.path / "Procfile").write_text("greeter: python -m greeter.app\n")
    git(torn, "add", "Procfile")

    git(torn, "-c", "core.editor=true", "cherry-pick", "--continue")

    assert torn.lab.number == "01"
    assert git(torn, "status", "--porcelain") == ""


def test_continue_refuses_what_is_not_resolved(torn: Workspace) -> None:
    """A file in conflict, or one that was added with its marks, is named."""
    with pytest.raises(
        UsageError, match=r"Procfile is still in conflict: changed by you and by the lab.*git add Procf"
    ):
        continue_start(torn)
    git(torn, "add", "Procfile")

    with pytest.raises(UsageError, match=r"Procfile still holds the marks of a conflict"):
        continue_start(torn)


@pytest.mark.parametrize("go", [continue_start, abort_start])
def test_no_start_under_way_is_said(bazaar: Workspace, go: object) -> None:
    """There is nothing to continue or to call off."""
    with pytest.raises(UsageError, match=r"No start of a lab is under way"):
        go(bazaar)  # type: ignore[operator]


def test_cherry_pick_of_their_own_is_left_alone(bazaar: Workspace) -> None:
    """A cherry-pick that the learner began is theirs to end."""
    git(bazaar, "switch", "-q", "-c", "side")
    (bazaar.path / "Procfile").write_text("side\n")
    git(bazaar, "commit", "-q", "-am", "side")
    git(bazaar, "switch", "-q", "main")
    (bazaar.path / "Procfile").write_text("main\n")
    git(bazaar, "commit", "-q", "-am", "main")
    subprocess.run(["git", "cherry-pick", "side"], cwd=bazaar.path, capture_output=True, check=False)

    with pytest.raises(UsageError, match=r"No start of a lab is under way"):
        abort_start(bazaar)

    with pytest.raises(UsageError, match=r"Something of git's is under way in .* \(CHERRY_PICK_HEAD\)"):
        start(bazaar, bazaar.course.lab("01"))


def test_start_during_a_start_says_both_ways(torn: Workspace) -> None:
    """Typing start again while there are conflicts says how to go on and how to go back."""
    with pytest.raises(UsageError, match=r"start of lab 01 is under way.*start --continue.*start --abort"):
        start(torn, torn.course.lab("01"))


def test_same_lab_twice_is_refused(bazaar: Workspace) -> None:
    """A lab that was started is not started again; reset is the word for that."""
    start(bazaar, bazaar.course.lab("01"))

    with pytest.raises(UsageError, match=r"Lab 01 was started already; you are on lab 01.*seamwork reset 01"):
        start(bazaar, bazaar.course.lab("01"))


def test_skipping_a_lab_is_refused(bazaar: Workspace) -> None:
    """A lab builds on the one before; the sentence says what is next, and how to skip."""
    with pytest.raises(
        UsageError,
        match=r"Lab 02 builds on lab 01, and you are on lab 00. Next is seamwork start 01.*seamwork start 02 --fresh",
    ):
        start(bazaar, bazaar.course.lab("02"))


def test_ignored_file_in_the_way_is_not_written_over(bazaar: Workspace) -> None:
    """A file that git ignores would be lost: it is named instead, and nothing happens."""
    (bazaar.path / ".gitignore").write_text("counter/\n")
    (bazaar.path / "counter").mkdir()
    (bazaar.path / "counter" / "app.py").write_text("mine\n")

    with pytest.raises(UsageError, match=r"counter/app\.py is in the way"):
        start(bazaar, bazaar.course.lab("01"))

    assert (bazaar.path / "counter" / "app.py").read_text() == "mine\n"
    assert log(bazaar) == ["Start lab 00: Hello"]


def test_detached_head_is_refused(bazaar: Workspace) -> None:
    """On no branch new work could get lost."""
    git(bazaar, "checkout", "-q", "--detach")

    with pytest.raises(UsageError, match=r"is on no branch.*git switch -c mine"):
        start(bazaar, bazaar.course.lab("01"))


def test_repository_without_a_commit_is_refused(bazaar: Workspace) -> None:
    """A repository made anew by hand needs a first commit."""
    shutil.rmtree(bazaar.path / ".git")
    git(bazaar, "init", "-q")

    with pytest.raises(UsageError, match=r"has no commit. Make one: git add -A"):
        start(Workspace.open(bazaar.path, bazaar.course), bazaar.course.lab("01"))


def test_lock_of_another_git_is_shown(bazaar: Workspace) -> None:
    """Where git itself refuses, its own words are shown."""
    (bazaar.path / "notes.md").write_text("mine")
    (bazaar.path / ".git" / "index.lock").write_text("")

    with pytest.raises(UsageError, match=r"git add failed in .*index\.lock"):
        start(bazaar, bazaar.course.lab("01"))


def test_hooks_of_theirs_are_not_run(bazaar: Workspace, tmp_path: Path) -> None:
    """A hook of the repository neither runs nor stops a start."""
    for name in ("pre-commit", "post-commit", "prepare-commit-msg", "commit-msg", "post-checkout", "post-rewrite"):
        hook = bazaar.path / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/trace\nexit 1\n")
        hook.chmod(0o755)
    (bazaar.path / "notes.md").write_text("mine")

    start(bazaar, bazaar.course.lab("01"))
    start_fresh(bazaar, bazaar.course.lab("02"))
    reset(bazaar, bazaar.course.lab("01"))

    assert not (tmp_path / "trace").exists()


def test_fresh_goes_on_from_our_solution(bazaar: Workspace) -> None:
    """Everything is as our solution left it, plus the starter; their work is on a branch."""
    (bazaar.path / "greeter" / "app.py").write_text("a mess\n")
    (bazaar.path / "mine.py").write_text("mine\n")

    moved = start_fresh(bazaar, bazaar.course.lab("02"))

    course = bazaar.course
    assert (moved.committed, moved.branch, moved.tag) == ("Before lab 02", "mine-before-02", "before-02")
    assert course.start(course.lab("02")).items() <= bazaar.git.tree("HEAD").items()
    assert course.end(course.lab("01")).items() <= bazaar.before(course.lab("02")).items()
    assert not (bazaar.path / "mine.py").exists()
    assert git(bazaar, "show", "mine-before-02:mine.py") == "mine"
    assert git(bazaar, "status", "--porcelain", "--branch") == "## main"
    assert bazaar.lab.number == "02"


def test_fresh_keeps_notebooks_and_readme(bazaar: Workspace) -> None:
    """What the learner wrote beside the code stays where it is."""
    write_tree({"notebooks/01.ipynb": File(b"my notes"), "README.md": File(b"mine")}, bazaar.path)

    start_fresh(bazaar, bazaar.course.lab("01"))

    assert (bazaar.path / "notebooks" / "01.ipynb").read_text() == "my notes"
    assert (bazaar.path / "README.md").read_text() == "mine"


def test_fresh_twice_keeps_both_works(bazaar: Workspace) -> None:
    """A branch that is there already is not written over."""
    start_fresh(bazaar, bazaar.course.lab("01"))
    (bazaar.path / "greeter" / "app.py").write_text("second\n")

    moved = start_fresh(bazaar, bazaar.course.lab("01"))

    assert moved.branch == "mine-before-01-2"
    assert git(bazaar, "show", "mine-before-01-2:greeter/app.py") == "second"


def test_fresh_first_lab_is_the_monolith(bazaar: Workspace) -> None:
    """The first lab has none before it: it starts as it did, and has no tag."""
    (bazaar.path / "greeter" / "app.py").write_text("a mess\n")

    moved = start_fresh(bazaar, bazaar.course.lab("00"))

    assert (moved.branch, moved.tag) == ("mine-before-00", "")
    assert bazaar.course.start(bazaar.lab).items() <= bazaar.git.tree("HEAD").items()


def test_fresh_does_not_write_over_ignored_files(bazaar: Workspace) -> None:
    """A file that git ignores is in the way of --fresh as well."""
    (bazaar.path / ".gitignore").write_text("counter/\n")
    (bazaar.path / "counter").mkdir()
    (bazaar.path / "counter" / "counts.py").write_text("mine\n")

    with pytest.raises(UsageError, match=r"counter/counts\.py is in the way"):
        start_fresh(bazaar, bazaar.course.lab("02"))


def test_reset_goes_back_to_the_learners_own_start(bazaar: Workspace) -> None:
    """The lab's beginning is the one on their work; what came after is on a branch."""
    app = bazaar.path / "greeter" / "app.py"
    app.write_text(app.read_text().replace("Hello", "Hi"))
    start(bazaar, bazaar.course.lab("01"))
    app.write_text("a mess\n")
    (bazaar.path / "counter" / "app.py").write_text("uncommitted\n")

    moved = reset(bazaar, bazaar.course.lab("01"))

    assert (moved.committed, moved.branch) == ("Before going back to lab 01", "mine-01")
    assert "Hi, " in app.read_text()
    assert git(bazaar, "show", "mine-01:counter/app.py") == "uncommitted"
    assert log(bazaar)[-1] == "Start lab 01: Split"


def test_reset_finds_a_start_with_conflicts(torn: Workspace) -> None:
    """Also a start that the learner had to resolve is a place to go back to."""
    (torn.path / "Procfile").write_text("greeter: python -u -m greeter.app\ncounter: python -m counter.app\n")
    git(torn, "add", "Procfile")
    continue_start(torn)
    (torn.path / "Procfile").write_text("a mess\n")

    reset(torn, torn.course.lab("01"))

    assert (torn.path / "Procfile").read_text().startswith("greeter: python -u")


def test_reset_to_an_earlier_lab_and_forward_again(tmp_path: Path) -> None:
    """One lab back is a reset too; from there the next lab can be started once more."""
    course = Course(TINY)
    workspace = init(tmp_path / "bazaar", course, at=course.lab("02"), solved=True)

    reset(workspace, course.lab("01"))
    moved = start(workspace, course.lab("02"))

    assert (moved.conflicts, workspace.lab.number) == ((), "02")
    assert "counter/counts.py" not in workspace.before(course.lab("02"))


def test_reset_with_nothing_done_changes_nothing(bazaar: Workspace) -> None:
    """At the beginning already: no branch, no commit."""
    moved = reset(bazaar, bazaar.course.lab("00"))

    assert (moved.committed, moved.branch) == ("", "")
    assert git(bazaar, "branch", "--format=%(refname:short)") == "main"


def test_reset_of_a_lab_not_started_is_refused(bazaar: Workspace) -> None:
    """There is no beginning to go back to."""
    with pytest.raises(UsageError, match=r"Lab 02 was not started in .*seamwork start 02 brings it"):
        reset(bazaar, bazaar.course.lab("02"))


def test_copied_folder_goes_on_as_it_was(bazaar: Workspace, tmp_path: Path) -> None:
    """A workspace from a backup has other times on its files; nothing takes them for changes."""
    copy = Workspace.open(shutil.copytree(bazaar.path, tmp_path / "copy", copy_function=shutil.copyfile), bazaar.course)

    moved = start_fresh(copy, copy.course.lab("01"))

    assert (moved.committed, copy.lab.number) == ("", "01")


def test_linked_work_tree_is_a_workspace_too(bazaar: Workspace, tmp_path: Path) -> None:
    """Another work tree of git gives a learner a second folder on the same repository."""
    git(bazaar, "worktree", "add", "-q", "-b", "second", str(tmp_path / "second"))
    second = Workspace.open(tmp_path / "second", bazaar.course)

    start(second, second.course.lab("01"))

    assert (second.lab.number, bazaar.lab.number) == ("01", "00")
