"""A workspace is the learner's own git repository, made in one go, and found from anywhere within."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from checker.course import Course, File, Passed, Workspace, init, root, write_tree
from checker.errors import Blocked, UsageError

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home of a learner who has never told git their name."""
    home = tmp_path / "home"
    (home / "git").mkdir(parents=True)
    (home / "git" / "config").write_text("[core]\n\tfsync = none\n[fastimport]\n\tunpackLimit = 0\n")  # quicker
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


def git(folder: Path, *words: str) -> str:
    """Ask git there, as the learner would."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def program(file: Path, touches: Path) -> Path:
    """Write a program that leaves a trace when it is run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho run >> '{touches}'\n")
    file.chmod(0o755)
    return file


def test_workspace_is_a_clean_git_repository(tmp_path: Path) -> None:
    """A new workspace has the first lab's start, committed; git has nothing to add."""
    workspace = init(tmp_path / "bazaar", Course(TINY))

    assert git(workspace.path, "status", "--porcelain", "--branch") == "## main"
    assert {"Procfile", "seamwork.toml", "README.md", ".gitignore", "greeter"} < {
        entry.name for entry in workspace.path.iterdir()
    }
    assert workspace.lab.name == "00-hello"


@pytest.mark.parametrize("name", ["my own bazaar", "集市", "-dash", "quote'\"s"])
def test_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Blanks, Chinese, a leading dash and quotes are names like any other."""
    workspace = init(tmp_path / name, Course(TINY), at=Course(TINY).lab("02"))

    assert Workspace.open(tmp_path / name, Course(TINY)).lab.name == "02-more"
    assert "greeter/patience.py" in workspace.git.tree("HEAD")


def test_names_of_files_may_be_anything(tmp_path: Path) -> None:
    """Blanks, quotes, Chinese and line ends in the names of a course's files arrive as they are."""
    names = ["a b.txt", 'quote".txt', "back\\slash", "line\nend", "说明/读我.md"]
    course = shutil.copytree(TINY, tmp_path / "course")
    write_tree({name: File(b"x", executable=True) for name in names}, course / "labs" / "monolith")

    workspace = init(tmp_path / "bazaar", Course(course))

    tree = workspace.git.tree("HEAD")
    assert [tree[name] for name in names] == [File(b"x", executable=True)] * len(names)
    assert git(workspace.path, "status", "--porcelain") == ""


def test_init_at_a_lab_tells_the_way_there(tmp_path: Path) -> None:
    """The history and the tags are those of somebody who took our solutions."""
    course = Course(TINY)

    workspace = init(tmp_path / "bazaar", course, at=course.lab("02"))

    log = git(workspace.path, "log", "--reverse", "--format=%s").splitlines()
    assert log == ["Start lab 00: Hello", "Start lab 01: Split", "Lab 01 done, our way", "Start lab 02: More"]
    assert course.end(course.lab("01")).items() <= workspace.before(course.lab("02")).items()


def test_init_solved_ends_with_our_solution(tmp_path: Path) -> None:
    """--solved is the end of the lab, and passes its checks."""
    course = Course(TINY)

    workspace = init(tmp_path / "bazaar", course, at=course.lab("01"), solved=True)

    assert course.end(course.lab("01")).items() <= workspace.git.tree("HEAD").items()
    assert (workspace.path / "counter" / "counts.py").exists()
    assert not (workspace.path / "greeter" / "counts.py").exists()


def test_notebooks_come_along(tmp_path: Path) -> None:
    """The lessons of the course lie in the workspace, in both languages."""
    course = shutil.copytree(TINY, tmp_path / "course")
    write_tree({"00-hello.ipynb": File(b"{}"), "00-hello.zh.ipynb": File(b"{}")}, course / "notebooks")

    workspace = init(tmp_path / "bazaar", Course(course))

    assert sorted(entry.name for entry in workspace.path.glob("notebooks/*")) == ["00-hello.ipynb", "00-hello.zh.ipynb"]


def test_learners_folder_is_refused_when_it_holds_something(tmp_path: Path) -> None:
    """A workspace is never written among other files."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")

    with pytest.raises(UsageError, match=r"full is not empty: it holds 'thesis\.tex'\. Name a folder that is new"):
        init(tmp_path / "full", Course(TINY))

    assert [entry.name for entry in (tmp_path / "full").iterdir()] == ["thesis.tex"]


def test_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    """A file cannot become a workspace."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"file is a file"):
        init(tmp_path / "file", Course(TINY))


def test_disk_that_refuses_leaves_nothing(tmp_path: Path) -> None:
    """What cannot be written whole is taken away again, so that init can be run once more."""
    course = shutil.copytree(TINY, tmp_path / "course")
    write_tree({"x" * 200 + "/" + "y" * 255: File(b"")}, course / "labs" / "monolith")
    deep = tmp_path / "/".join(["d" * 200] * 18)

    with pytest.raises(UsageError, match=r"cannot be written: File name too long. Free some space"):
        init(deep, Course(course))

    assert not deep.exists() or not list(deep.iterdir())


def test_git_missing_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git the next move is how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UsageError, match=r"git is not on PATH.* sudo apt install git"):
        init(tmp_path / "bazaar", Course(TINY))

    assert not list((tmp_path / "bazaar").iterdir())


def test_nameless_learner_gets_a_name_from_us(tmp_path: Path) -> None:
    """Where git knows nobody, commits have author and committer all the same."""
    workspace = init(tmp_path / "bazaar", Course(TINY))

    assert git(workspace.path, "log", "-1", "--format=%an <%ae> %cn") == (
        "Seamwork learner <learner@seamwork.invalid> Seamwork learner"
    )
    assert "user" not in git(workspace.path, "config", "--local", "--list")


def test_learners_own_name_is_used(tmp_path: Path, home: Path) -> None:
    """Whoever has told git their name is the author."""
    (home / ".gitconfig").write_text("[user]\n\tname = 李 Ada\n\temail = ada@example.org\n")

    workspace = init(tmp_path / "bazaar", Course(TINY))

    assert git(workspace.path, "log", "-1", "--format=%an <%ae> %cn") == "李 Ada <ada@example.org> 李 Ada"


def test_name_in_the_environment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name given by git's own variables is the learner's as well; the rest comes from us."""
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Ada")

    workspace = init(tmp_path / "bazaar", Course(TINY))

    assert git(workspace.path, "log", "-1", "--format=%cn <%ce>") == "Ada <learner@seamwork.invalid>"


def test_nothing_of_a_configuration_is_run(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks, templates, monitors, pagers, editors and signing programs stay untouched, whoever set them up."""
    trace = tmp_path / "trace"
    evil = program(home / "evil", trace)
    for hook in ("pre-commit", "post-commit", "post-checkout", "reference-transaction", "post-index-change"):
        program(home / "hooks" / hook, trace)
        program(home / "template" / "hooks" / hook, trace)
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {home}/hooks\n\tfsmonitor = {evil}\n\tpager = {evil}\n\teditor = {evil}\n"
        f"[init]\n\ttemplateDir = {home}/template\n[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {evil}\n"
    )
    monkeypatch.setenv("GIT_EDITOR", str(evil))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(evil))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))

    workspace = init(tmp_path / "bazaar", Course(TINY))
    workspace.git.run("commit", "-q", "--allow-empty", "-m", "x", extra=workspace.git.identity)
    workspace.git.run("status")

    assert not trace.exists()
    assert not (workspace.path / ".git" / "hooks").exists()


def test_repository_around_it_is_left_alone(tmp_path: Path) -> None:
    """A workspace inside another repository commits into its own."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    workspace = init(tmp_path / "bazaar", Course(TINY))
    shutil.rmtree(workspace.path / ".git")

    with pytest.raises(UsageError, match=r"bazaar is no git repository \(any more\)\. Make it one: git init"):
        Workspace.open(workspace.path, Course(TINY)).git.run("status")


def test_workspace_is_found_from_within(tmp_path: Path) -> None:
    """Any folder of a workspace will do."""
    made = init(tmp_path / "bazaar", Course(TINY))

    found = Workspace.find(tmp_path / "bazaar" / "greeter", made.course)

    assert found == made


def test_missing_workspace_says_the_next_move(tmp_path: Path) -> None:
    """Outside of any workspace the sentence says how to make or name one."""
    with pytest.raises(
        UsageError, match=r"There is no workspace in .*seamwork init bazaar; or name yours: --workspace"
    ):
        Workspace.find(tmp_path, Course(TINY))

    with pytest.raises(UsageError, match=r"is no workspace: it holds no seamwork\.toml"):
        Workspace.open(tmp_path, Course(TINY))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('lab = "99"\ncourse = "1"', "says lab = '99'; expected is one of 00, 01, 02"),
        ('lab = 1\ncourse = "1"', "says lab = 1; expected is text"),
        ('course = "1"', "lacks lab, which is text"),
        ('lab = "01"\ncourse = "1"\nlabs = 3', "has labs, which means nothing here"),
        ("lab", "is no valid TOML"),
    ],
)
def test_fault_in_the_marker_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """A marker that was edited wrongly is said with file, key and value, as the learner's matter."""
    (tmp_path / "seamwork.toml").write_text(text)

    with pytest.raises(UsageError, match=said):
        Workspace.open(tmp_path, Course(TINY))


def test_progress_is_remembered_outside_of_the_history(tmp_path: Path) -> None:
    """A run is noted, done stays done, and git sees nothing of it."""
    workspace = init(tmp_path / "bazaar", Course(TINY))
    lab = workspace.lab

    workspace.note(lab, passed=2, of=2, at="2026-01-01T00:00:00+00:00")
    workspace.note(lab, passed=1, of=2, at="2026-01-02T00:00:00+00:00")

    assert workspace.progress() == {"00-hello": Passed(1, 2, "2026-01-02T00:00:00+00:00", done=True)}
    assert git(workspace.path, "status", "--porcelain") == ""


@pytest.mark.parametrize("text", ["", "[1]", '{"00-hello": 3}', '{"00-hello": {"passed": 1}}', "\udcff"])
def test_spoilt_progress_counts_as_none(tmp_path: Path, text: str) -> None:
    """What was remembered is never worth a crash."""
    workspace = init(tmp_path / "bazaar", Course(TINY))
    workspace.note(workspace.lab, passed=0, of=2, at="now")
    (workspace.path / ".git/seamwork/progress.json").write_bytes(text.encode(errors="surrogateescape"))

    assert workspace.progress() == {}


def test_handed_in_folder_has_no_progress(tmp_path: Path) -> None:
    """A workspace without its repository can be checked; it remembers nothing."""
    workspace = init(tmp_path / "bazaar", Course(TINY))
    shutil.rmtree(workspace.path / ".git")
    handed_in = Workspace.open(workspace.path, Course(TINY))

    handed_in.note(handed_in.lab, passed=2, of=2, at="now")

    assert handed_in.progress() == {}
    assert not (workspace.path / ".git").exists()


def test_missing_version_before_is_blocked(tmp_path: Path) -> None:
    """Without the tag nobody can run the version before; the sentence says how to set it."""
    workspace = init(tmp_path / "bazaar", Course(TINY))

    with pytest.raises(Blocked, match=r"There is no version from before lab 02: the tag before-02 is missing"):
        workspace.before(workspace.course.lab("02"))


def test_executables_stay_executable(tmp_path: Path) -> None:
    """A script of the course can be run in the workspace, and git knows."""
    course = shutil.copytree(TINY, tmp_path / "course")
    (course / "labs" / "monolith" / "web.py").chmod(0o755)

    workspace = init(tmp_path / "bazaar", Course(course))

    assert (workspace.path / "web.py").stat().st_mode & stat.S_IXUSR
    assert git(workspace.path, "ls-files", "--stage", "web.py").startswith("100755")


def test_course_lies_where_root_says() -> None:
    """In a checkout the course is at the top level."""
    assert (root() / "labs").is_dir()
