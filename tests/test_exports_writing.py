"""A folder of exports: whole or not at all, the same from the same store, and what has not changed is not written again."""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import pytest
from exports_world import (
    BEFORE,
    FAILED,
    LAB,
    PASSED,
    PRIVATE,
    a_store,
    a_student,
    every_kind,
    fill,
    graded,
    read,
)

from checker.errors import UsageError
from checker.grader.exports import Written, write_all
from checker.grader.exports.names import slugs
from checker.grader.exports.results import class_schema
from checker.grader.model import Judgement, Student
from checker.grader.store import Entry, Store
from checker.outcome import CheckResult

CASES = every_kind()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(a_store(tmp_path / "grades.db", CASES)) as opened:
        yield opened


def write(store: Store, out: Path, **beside: Any) -> Written:
    """Write the exports."""
    return write_all(store, LAB, out, **{"private": PRIVATE, "before": BEFORE, **beside})


def files(folder: Path) -> dict[str, str]:
    """Return what is in a folder, as hashes, but for the note of times."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items() if name[0] != "."}


def inodes(folder: Path) -> dict[str, int]:
    """Tell files that were written from those that were taken over."""
    return {str(path.relative_to(folder)): path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def test_everything_is_there(store: Store, tmp_path: Path) -> None:
    """The class' files, and each student's."""
    found = files(write(store, tmp_path / "out").folder)
    tops = [name for name in found if "/" not in name]

    assert sorted(tops) == ["canvas.csv", "index.html", "moodle.csv", "notes.txt", "results.json"]
    assert {
        name.split("/")[0]: sum(n.startswith(name.split("/")[0] + "/") for n in found) for name in found if "/" in name
    } == {
        "feedback": 16,
        "junit": 8,
        "students": 8,
        "gradescope": 6,
        "classroom50": 6,
    }


def test_results_are_those_of_the_whole_class(store: Store, tmp_path: Path) -> None:
    """What is streamed together is one document, and keeps to its schema."""
    found = read(write(store, tmp_path / "out").folder / "results.json")
    jsonschema.validate(found, class_schema())

    assert [student["student"] for student in found["students"]] == [student.key for student, _, _ in CASES]


def test_same_store_gives_the_same_files(store: Store, tmp_path: Path) -> None:
    """No clock, no chance: whoever grades again can compare."""
    assert files(write(store, tmp_path / "one").folder) == files(write(store, tmp_path / "other").folder)


def test_who_is_left_out_is_told(store: Store, tmp_path: Path) -> None:
    """In the answer, in a file, and in the report."""
    written = write(store, tmp_path / "out")

    assert [note.values["file"] for note in written.notes] == ["gradescope", "classroom50"]
    assert "Not in gradescope: s0006, s0007. There is no mark." in (written.folder / "notes.txt").read_text("utf-8")
    assert "Not in gradescope: s0006, s0007." in written.report.read_text("utf-8")


def test_unchanged_students_are_not_written_again(store: Store, tmp_path: Path) -> None:
    """Their files are taken over; only the mark that moved is written anew."""
    before = inodes(write(store, tmp_path / "out").folder)
    fill(store, [graded(a_student(1), PASSED, FAILED)])
    after = inodes(write(store, tmp_path / "out").folder)

    assert {name.split("/")[1][:5] for name in after if "/" in name and after[name] != before[name]} == {"s0001"}
    assert read(tmp_path / "out/students/s0001.json")["points"] != 26


@pytest.mark.parametrize("beside", [{"lang": "zh"}, {"classroom": "cs"}, {"private": {}}, {"before": ()}])
def test_said_in_another_way_is_written_again(store: Store, tmp_path: Path, beside: dict[str, Any]) -> None:
    """Language, names and claims are in the files as well."""
    before = inodes(write(store, tmp_path / "out").folder)
    after = inodes(write(store, tmp_path / "out", **beside).folder)

    assert [name for name in after if after[name] == before.get(name)] == []


def test_file_that_somebody_changed_is_written_again(store: Store, tmp_path: Path) -> None:
    """What is exported is what the store holds."""
    page = write(store, tmp_path / "out").folder / "feedback/s0001.md"
    told = page.read_text("utf-8")
    page.write_text(told.replace("26 of 33", "33 of 33"), "utf-8")

    assert (write(store, tmp_path / "out").folder / "feedback/s0001.md").read_text("utf-8") == told


@pytest.mark.parametrize(
    "note", ["", "{}", '{"schema": "seamwork/exports/v1", "students": {"s0001": {"stamp": 1}}}', "[]"]
)
def test_spoilt_note_costs_nothing(store: Store, tmp_path: Path, note: str) -> None:
    """Where it cannot be made out what was written, all is written again."""
    before = files(write(store, tmp_path / "out").folder)
    (tmp_path / "out/.exports.json").write_text(note, "utf-8")

    assert files(write(store, tmp_path / "out").folder) == before


class Full(Store):
    """A store, where the disk is full by the time that a student's evidence is asked for."""

    def judgement(self, entry: Entry) -> Judgement | None:
        if entry.student.key == "s0003":
            raise OSError(28, "No space left on device")
        return super().judgement(entry)


def test_full_disk_leaves_what_was_there(store: Store, tmp_path: Path) -> None:
    """Half an export is none: the folder of last time stays, and nothing lies about."""
    before = files(write(store, tmp_path / "home/out").folder)
    with Full.open(tmp_path / "grades.db") as full, pytest.raises(OSError, match="No space"):
        write(full, tmp_path / "home/out", lang="zh")

    assert files(tmp_path / "home/out") == before
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["out"]


def test_swap_that_fails_leaves_what_was_there(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old folder has stepped aside, and steps back."""
    before = files(write(store, tmp_path / "out").folder)
    rename = Path.rename

    def stumble(self: Path, target: Path) -> Path:
        if "-new-" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stumble)
    with pytest.raises(OSError, match="Input/output"):
        write(store, tmp_path / "out")

    assert files(tmp_path / "out") == before


def test_folder_that_is_not_ours_is_left_alone(store: Store, tmp_path: Path) -> None:
    """A new folder takes the place of the old one as a whole: never of somebody's home."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="is there already, and it is not what an earlier grading has written"):
        write(store, tmp_path / "home")

    assert (tmp_path / "home/thesis.txt").read_text("utf-8") == "mine"


def test_empty_folder_may_be_named(store: Store, tmp_path: Path) -> None:
    """Somebody made it for this."""
    (tmp_path / "out").mkdir()

    assert write(store, tmp_path / "out").report.is_file()


def test_marks_are_for_the_instructor_alone(store: Store, tmp_path: Path) -> None:
    """Nobody else on this machine can look into the folder."""
    assert write(store, tmp_path / "out").folder.stat().st_mode & 0o077 == 0


def test_class_without_anybody_is_written(tmp_path: Path) -> None:
    """Nobody has been graded yet."""
    with Store.open(tmp_path / "none.db") as store:
        assert write(store, tmp_path / "out").report.is_file()


class Watched(Store):
    """A store that counts the checks in memory whenever a student's evidence is asked for."""

    counts: ClassVar[list[int]] = []

    def judgement(self, entry: Entry) -> Judgement | None:
        self.counts.append(sum(isinstance(each, CheckResult) for each in gc.get_objects()))
        return super().judgement(entry)


def test_one_students_evidence_is_there_at_a_time(tmp_path: Path) -> None:
    """When the next student's is read, no more than the last one's is still in memory."""
    with Watched.open(a_store(tmp_path / "grades.db", CASES)) as watched:
        write(watched, tmp_path / "out")

    assert len(watched.counts) == len(CASES)
    assert max(watched.counts) - watched.counts[0] <= len(LAB.checks) + 2


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("ada", "ada"),
        ("70001", "70001"),
        ("ada@example.org", "ada-example.org-"),
        ("Ada", "ada-"),
        ("../../etc/passwd", "etc-passwd-"),
        (".ssh", "ssh-"),
        ("a/b", "a-b-"),
        ("con", "con-"),
        ("", "student-"),
        ("\x00\ud800", "student-"),
        ("王小明", "王小明"),
        ("x" * 300, "x" * 60 + "-"),
    ],
)
def test_file_is_named_by_its_student(key: str, named: str) -> None:
    """As the key says where that is safe; nothing leads out, nothing is hidden, nothing is too long."""
    slug = slugs([key])[key]

    assert slug == named if slug == key else re.fullmatch(f"{re.escape(named)}[0-9a-f]{{8}}", slug)
    assert len(slug.encode()) < 240


def test_no_two_students_share_a_file() -> None:
    """Not on a file system that takes small letters and capitals for one, nor by a name made to look like another's."""
    keys = ["ada", "Ada", "ADA", "a d a", "a-d-a", *(slugs(["Ada"])["Ada"],)]

    assert len({slug.casefold() for slug in slugs(keys).values()}) == len(keys)


def test_hostile_key_keeps_to_the_folder(tmp_path: Path) -> None:
    """Nothing is written beside it."""
    with Store.open(a_store(tmp_path / "grades.db", [graded(Student("../../../escaped"))])) as store:
        write(store, tmp_path / "deep/out")

    assert not [path for path in tmp_path.rglob("*escaped*") if "out" not in path.parts]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
