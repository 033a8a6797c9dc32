"""What is handed in holds the learner's files and those of the tags, nothing else, and depends on nothing else."""

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.course import Course, File, Workspace, init, pack, pack_name, write_tree
from checker.course.pack import MAX_FILE, MAX_FILES, SCHEMA
from checker.errors import UsageError

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Make a workspace at lab 01, once, to be copied; git has a home without a configuration."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield init(home / "made", Course(TINY), at=Course(TINY).lab("01"))


@pytest.fixture
def bazaar(tmp_path: Path, made: Workspace) -> Workspace:
    """Give a workspace at lab 01."""
    return Workspace.open(shutil.copytree(made.path, tmp_path / "bazaar"), Course(TINY))


def names(file: Path) -> list[str]:
    """List what a zip holds, in order."""
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def test_pack_holds_tree_and_tags(bazaar: Workspace, tmp_path: Path) -> None:
    """Committed or not, the learner's files are in; so is the version from before the lab."""
    write_tree({"notes 笔记.md": File(b"new"), "greeter/app.py": File(b"changed\n")}, bazaar.path)

    packed = pack(bazaar, tmp_path / "out.zip")

    found = names(tmp_path / "out.zip")
    assert packed.trees == ("tree", "before-01")
    assert {"tree/notes 笔记.md", "tree/counter/app.py", "before-01/greeter/app.py"} < set(found)
    assert "before-01/counter/app.py" not in found


def test_ignored_files_and_the_repository_stay_out(bazaar: Workspace, tmp_path: Path) -> None:
    """Runs, environments, secrets in .env and git's own files are not handed in."""
    leftovers = {"runs/latest/report.html": File(b""), ".venv/bin/python": File(b""), ".env": File(b"SECRET")}
    write_tree(leftovers, bazaar.path)

    pack(bazaar, tmp_path / "out.zip")

    assert not [
        name for name in names(tmp_path / "out.zip") if any(part in name for part in ("runs", "venv", ".git/", ".env"))
    ]


def test_same_files_give_the_same_bytes(bazaar: Workspace, tmp_path: Path) -> None:
    """Times, places and earlier packs do not count."""
    pack(bazaar, tmp_path / "one.zip")
    os.utime(bazaar.path / "web.py", (1, 1))

    pack(bazaar, bazaar.path / "two.zip")
    pack(bazaar, bazaar.path / "two.zip")

    assert (tmp_path / "one.zip").read_bytes() == (bazaar.path / "two.zip").read_bytes()


def test_manifest_lists_every_file(bazaar: Workspace, tmp_path: Path) -> None:
    """Schema, lab, course, and for each file its size, bit and hash."""
    (bazaar.path / "web.py").chmod(0o755)

    pack(bazaar, tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        rights = archive.getinfo("tree/web.py").external_attr >> 16
    assert (manifest["schema"], manifest["lab"], rights) == (SCHEMA, "01-split", 0o100755)
    listed = {f"{tree}/{file['path']}" for tree, files in manifest["trees"].items() for file in files}
    assert listed == set(names(tmp_path / "out.zip")) - {"manifest.json"}


def test_deleted_file_is_not_missed(bazaar: Workspace, tmp_path: Path) -> None:
    """A file that was deleted and not committed is simply not there."""
    (bazaar.path / "web.py").unlink()

    pack(bazaar, tmp_path / "out.zip")

    assert "tree/web.py" not in names(tmp_path / "out.zip")


def test_tags_of_later_labs_stay_out(bazaar: Workspace, tmp_path: Path) -> None:
    """After a reset, a tag of a lab further on is not part of the work."""
    subprocess.run(["git", "-C", bazaar.path, "tag", "before-02"], check=True)

    assert pack(bazaar, tmp_path / "out.zip").trees == ("tree", "before-01")


def test_link_that_leads_out_is_refused(bazaar: Workspace, tmp_path: Path) -> None:
    """Nothing from outside the workspace gets in, and nothing of git's."""
    (bazaar.path / "link").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match=r"link is a link that leads out of the workspace"):
        pack(bazaar, tmp_path / "out.zip")
    (bazaar.path / "link").unlink()
    (bazaar.path / "link").symlink_to(".git/config")

    with pytest.raises(UsageError, match=r"link is a link that leads out of the workspace"):
        pack(bazaar, tmp_path / "out.zip")


def test_link_within_is_packed_as_the_file(bazaar: Workspace, tmp_path: Path) -> None:
    """A link to a file of theirs becomes that file."""
    (bazaar.path / "link.py").symlink_to("web.py")

    pack(bazaar, tmp_path / "out.zip")

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read("tree/link.py") == archive.read("tree/web.py")


def test_link_in_a_tag_is_refused(bazaar: Workspace, tmp_path: Path) -> None:
    """What a tag holds is as plain as the rest."""
    (bazaar.path / "link").symlink_to("web.py")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["add", "-A"], [*who, "commit", "-qm", "x"], ["tag", "-f", "before-01"]):
        subprocess.run(["git", "-C", bazaar.path, *words], check=True, capture_output=True)

    with pytest.raises(UsageError, match=r"link, as before-01 has it, is a link or a repository"):
        pack(bazaar, tmp_path / "out.zip")


def test_repository_within_is_refused(bazaar: Workspace, tmp_path: Path) -> None:
    """A folder that is a repository of its own would come empty: it is named."""
    subprocess.run(["git", "init", "-q", bazaar.path / "inner"], check=True)

    with pytest.raises(UsageError, match=r"inner/ is no plain file.*gitignore"):
        pack(bazaar, tmp_path / "out.zip")


def test_large_file_is_named(bazaar: Workspace, tmp_path: Path) -> None:
    """A file past the cap is refused with its size, the cap, and what to do."""
    (bazaar.path / "dump.sql").write_bytes(b"x" * (MAX_FILE + 1))

    with pytest.raises(UsageError, match=rf"dump\.sql has {MAX_FILE + 1} bytes; at most {MAX_FILE} .*\.gitignore"):
        pack(bazaar, tmp_path / "out.zip")

    assert not (tmp_path / "out.zip").exists()


def test_too_many_files_are_refused(bazaar: Workspace, tmp_path: Path) -> None:
    """A folder that should have been ignored is found out by its number of files."""
    write_tree({f"node/{number}": File(b"") for number in range(MAX_FILES)}, bazaar.path)

    with pytest.raises(
        UsageError, match=rf"There are .* files; at most {MAX_FILES} .*: {MAX_FILES} of them are in 'node'"
    ):
        pack(bazaar, tmp_path / "out.zip")


@pytest.mark.parametrize("name", ["a\nb", "a\\b"])
def test_name_that_not_every_system_unpacks_is_refused(bazaar: Workspace, tmp_path: Path, name: str) -> None:
    """A line end or a backslash in a name is shown and refused."""
    (bazaar.path / name).write_text("")

    with pytest.raises(UsageError, match=r"is a name that not every system can unpack"):
        pack(bazaar, tmp_path / "out.zip")


def test_place_that_cannot_be_written_is_named(bazaar: Workspace, tmp_path: Path) -> None:
    """A folder that is not there is a sentence, and nothing half-written is left."""
    with pytest.raises(UsageError, match=r"out\.zip cannot be written: No such file or directory"):
        pack(bazaar, tmp_path / "gone" / "out.zip")


def test_usual_name_says_lab_and_workspace(bazaar: Workspace) -> None:
    """Whoever collects the files sees what is what; git ignores a file of that name."""
    assert pack_name(bazaar) == "seamwork-01-bazaar.zip"
