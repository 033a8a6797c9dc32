"""What an instructor has on disk becomes one Handin for each student; nothing that is handed in ends the run."""

from __future__ import annotations

import json
import os
import socket
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from intake_world import PROCFILE, WORK, lay, packed, tarred, zipped

from checker.course import Course, File, init, pack
from checker.errors import UsageError
from checker.grader.intake import folders, survey
from checker.grader.model import Handin, Status

DEADLINE = datetime(2026, 11, 25, 23, 59, tzinfo=UTC)
ROSTER = (
    "key,name,email,canvas,moodle,sis,deadline\n"
    "ada,Ada Lovelace,ada.l@x.org,4242,501,S1,\n"
    "bob,Bob O'Neil,bob@x.org,4243,502,S2,2026-11-30\n"
    "王小明,王小明,w@x.org,4244,503,S3,\n"
)


def take(path: Path, **how: object) -> dict[str, Handin]:
    """Take all in, by key; a roster given as text is written first."""
    if isinstance(how.get("roster"), str):
        file = path.parent / "roster.csv"
        file.write_text(str(how["roster"]), "utf-8")
        how["roster"] = file
    return {one.student.key: one for one in survey(path, zone=UTC, **how).handins()}  # type: ignore[arg-type]


def graded(handins: dict[str, Handin]) -> set[str]:
    """Return the keys of those that can be judged."""
    return {key for key, one in handins.items() if one.status is None and "Procfile" in one.trees["tree"]}


def problem(one: Handin) -> str:
    """Return the message in full."""
    assert one.problem is not None
    return f"{one.problem.id} {one.problem.move}".format(**one.problem.values)


def test_folders_zips_and_tars_lie_side_by_side(tmp_path: Path) -> None:
    """Each is named after its student, with or without a folder around everything."""
    class_ = lay(
        tmp_path / "class", {"ada/Procfile": PROCFILE, "bob/deep/er/Procfile": PROCFILE, "dan/dan.tgz": tarred()}
    )
    lay(
        class_,
        {"cy.zip": zipped({f"cy-main/{name}": data for name, data in WORK.items()}), "eve.tar.xz": tarred(mode="w:xz")},
    )

    found = take(class_)

    assert graded(found) == {"ada", "bob", "cy", "dan", "eve"}
    assert (found["cy"].source, found["ada"].source, found["ada"].submitted_at) == ("cy.zip", "ada/", None)


def test_all_forms_have_one_digest(tmp_path: Path) -> None:
    """The same work, however it was packed, is the same work."""
    class_ = lay(tmp_path / "class", {f"a/{name}": data for name, data in WORK.items()})
    lay(
        class_,
        {
            "b.zip": zipped(),
            "c.tar": tarred(mode="w:"),
            "d.zip": packed({"tree": WORK}),
            "e/seamwork-01-x.zip": zipped(),
        },
    )

    assert len({one.digest for one in take(class_).values()}) == 1


def test_pack_brings_its_earlier_versions(tmp_path: Path) -> None:
    """The trees of a pack are those of its manifest; a lab that needs one says which is missing."""
    class_ = lay(
        tmp_path / "class",
        {"ada-seamwork-02-bazaar.zip": packed({"tree": WORK, "before-02": WORK}), "bob.zip": zipped()},
    )

    found = take(class_, required=["before-02"])

    assert set(found["ada"].trees) == {"tree", "before-02"}
    assert "The version before-02, from before this lab, is needed" in problem(found["bob"])


def test_repository_that_lies_around_proves_nothing(tmp_path: Path) -> None:
    """Nothing of a .git is looked at, so its tags are no earlier versions, and its hooks never run."""
    lay(
        tmp_path / "class/ada",
        {**WORK, ".git/refs/tags/before-02": b"0" * 40, ".git/hooks/post-checkout": b"#!/bin/sh"},
    )

    found = take(tmp_path / "class")["ada"]
    needed = take(tmp_path / "class", required=["before-02"])["ada"]

    assert set(found.trees["tree"]) == set(WORK)
    assert needed.status is Status.MALFORMED


MOODLE = {
    "Ada Lovelace_501_assignsubmission_file/work.zip": zipped(),
    "Bob O'Neil_502_assignsubmission_file_/app/Procfile": PROCFILE,
    "Bob O'Neil_502_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file</p>",
    "王小明_503_assignsubmission_file/work.zip": zipped(),
    "王小明_503_assignsubmission_file/report.pdf": b"%PDF",
}
MOODLE_FLAT = {
    "Ada Lovelace_501_assignsubmission_file_work.zip": zipped(),
    "Bob O'Neil_502_assignsubmission_file_my_1_work.tar.gz": tarred(),
    "王小明_503_assignsubmission_file_作业.zip": zipped(),
}
CANVAS = {
    "lovelaceada_4242_998877_work.zip": zipped(),
    "oneilbob_LATE_4243_998878_my_1_2_work-1.zip": zipped(),
    "oneilbob_LATE_4243_998879_report.pdf": b"%PDF",
    "王小明_4244_998880_作业.zip": zipped(),
}
METADATA = """\
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: S1
    :email: ada.l@x.org
  :created_at: 2026-11-24 10:00:00.123456000 +01:00
  :results: !ruby/object:Whatever {a: 1}
submission_12:
  :submitters:
  - :name: Bob
    :sid: S2
    :email: bob@x.org
  - :name: Wang
    :sid: ''
    :email: w@x.org
  :created_at: 2026-11-24 12:00:00 Z
"""
GRADESCOPE = {
    "submission_metadata.yml": METADATA.encode(),
    "submission_11/Procfile": PROCFILE,
    "submission_12/work/Procfile": PROCFILE,
}


@pytest.mark.parametrize(
    ("layout", "files"),
    [("moodle", MOODLE), ("moodle", MOODLE_FLAT), ("canvas", CANVAS), ("gradescope", GRADESCOPE)],
    ids=["moodle", "moodle, flat", "canvas", "gradescope"],
)
@pytest.mark.parametrize("form", ["folder", "folder in a folder", "zip"])
def test_downloads_of_platforms_are_recognised(layout: str, files: dict[str, bytes], form: str, tmp_path: Path) -> None:
    """Unpacked, unpacked into a folder too many, or as it came."""
    top = "export/" if form == "folder in a folder" else ""
    lay(tmp_path / "class", {top + name: data for name, data in files.items()})
    lay(tmp_path, {"class.zip": zipped({f"export/{name}": data for name, data in files.items()})})
    (tmp_path / "roster.csv").write_text(ROSTER, "utf-8")
    path = tmp_path / ("class.zip" if form == "zip" else "class")

    assert survey(path).layout == layout
    assert graded(take(path, roster=tmp_path / "roster.csv")) == {"ada", "bob", "王小明"}


def test_gradescope_says_when(tmp_path: Path) -> None:
    """A group's work is each one's; the moment is Gradescope's."""
    found = take(lay(tmp_path / "class", GRADESCOPE), roster=ROSTER)

    assert found["ada"].submitted_at == datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)
    assert found["bob"].digest == found["王小明"].digest


def test_moodle_worksheet_says_when(tmp_path: Path) -> None:
    """The folders say nothing of when; the worksheet does."""
    roster = 'Identifier,Full name,Last modified (submission)\n"Participant 501",Ada Lovelace,"Tuesday, 24 November 2026, 9:00 AM"\n'

    found = take(lay(tmp_path / "class", MOODLE), roster=roster)

    assert found["501"].submitted_at == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        "ada.zip",
        "ADA.zip",
        "S1.zip",
        "ada.l@x.org.zip",
        "ada.l.zip",
        "Ada Lovelace.zip",
        "lovelace, ada.zip",
        "ada-seamwork-01-x.zip",
        "ada (1).zip",
        "4242.zip",
    ],
)
def test_names_of_files_find_their_student(name: str, tmp_path: Path) -> None:
    """Key, number, address, name; whatever case, order, or copy."""
    class_ = lay(tmp_path / "class", {name: zipped(), "x.txt": b""})

    assert take(class_, roster=ROSTER)["ada"].status is None


def test_forms_of_unicode_are_the_same_name(tmp_path: Path) -> None:
    """macOS writes an é in two characters; the roster has it in one."""
    class_ = lay(tmp_path / "class", {unicodedata.normalize("NFD", "josé/Procfile"): PROCFILE})

    assert graded(take(class_, roster="key\njosé\n")) == {"josé"}


def test_who_is_missing_and_who_is_unknown_is_reported(tmp_path: Path) -> None:
    """Nobody is lost: neither one who handed nothing in, nor what fits nobody."""
    found = take(lay(tmp_path / "class", {"ada.zip": zipped(), "zoe.zip": zipped()}), roster=ROSTER)

    assert [(key, one.status) for key, one in found.items()] == [
        ("ada", None),
        ("bob", Status.MISSING),
        ("王小明", Status.MISSING),
        ("? zoe.zip", Status.NOT_GRADABLE),
    ]
    assert "Nobody on the roster fits 'zoe'" in problem(found["? zoe.zip"])


def test_number_of_one_and_name_of_another_is_nobodys(tmp_path: Path) -> None:
    """Learners choose their names: one who calls himself Ada gets nothing of Ada's."""
    found = take(lay(tmp_path / "class", {"Ada Lovelace_502_assignsubmission_file/Procfile": PROCFILE}), roster=ROSTER)

    assert (found["ada"].status, found["bob"].status) == (Status.MISSING, Status.MISSING)
    assert any("bears the number of 'bob' and the name of 'ada'" in problem(one) for one in found.values())


def test_name_alone_does_not_make_two_into_one(tmp_path: Path) -> None:
    """Where the roster has names only, and two numbers bear the same one, the instructor has to look."""
    names = ("Ada Lovelace_501_assignsubmission_file", "Ada Lovelace_777_assignsubmission_file")

    found = take(
        lay(tmp_path / "class", {f"{name}/Procfile": PROCFILE for name in names}), roster="key,name\nada,Ada Lovelace\n"
    )

    assert found["ada"].status is Status.NOT_GRADABLE
    assert "2 hand-ins are this student's" in problem(found["ada"])


def test_number_on_the_roster_outweighs_a_name(tmp_path: Path) -> None:
    """A stranger's number with a known name is not that student, who has another number."""
    found = take(lay(tmp_path / "class", {"Ada Lovelace_999_assignsubmission_file/Procfile": PROCFILE}), roster=ROSTER)

    assert found["ada"].status is Status.MISSING


def test_identity_in_the_content_counts_for_nothing(tmp_path: Path) -> None:
    """A manifest, a roster or a name inside a submission names nobody."""
    forged = packed({"tree": WORK}, student="bob", key="bob", name="Bob O'Neil")
    class_ = lay(tmp_path / "class", {"ada/bob.zip": forged})

    found = take(class_, roster=ROSTER)

    assert (found["ada"].status, found["bob"].status) == (None, Status.MISSING)


def test_last_in_time_counts(tmp_path: Path) -> None:
    """Of several hand-ins the last before the student's own deadline counts, and that is said."""
    class_ = lay(
        tmp_path / "class",
        {"bob.zip": zipped(), "bob (1).zip": zipped({"Procfile": b"x: y\n"}), "bob (2).zip": b"late"},
    )
    for name, day in (("bob.zip", 20), ("bob (1).zip", 29), ("bob (2).zip", 31)):
        os.utime(
            class_ / name, times=((when := datetime(2026, 11, 1, tzinfo=UTC).timestamp() + (day - 1) * 86_400), when)
        )

    bob = take(class_, roster=ROSTER, deadline=DEADLINE)["bob"]

    assert (bob.source, bob.trees["tree"]["Procfile"].data, bob.submitted_at) == ("bob (1).zip", b"x: y\n", None)
    assert bob.notes[0].values["others"] == "bob (2).zip, bob.zip"


def test_without_times_nothing_is_chosen(tmp_path: Path) -> None:
    """A folder says nothing of when it was handed in."""
    class_ = lay(tmp_path / "class", {"bob/Procfile": PROCFILE, "bob.zip": zipped()})

    assert take(class_, roster=ROSTER)["bob"].status is Status.NOT_GRADABLE


def test_times_of_files_count_when_told(tmp_path: Path) -> None:
    """A file's own time is the moment only where the instructor says so."""
    class_ = lay(tmp_path / "class", {"bob.zip": zipped(), "ada.zip": zipped()})
    os.utime(class_ / "bob.zip", (86_400, 86_400))

    assert take(class_, file_times=True)["bob"].submitted_at == datetime(1970, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("form", ["folder", "pack", "zip", "tar"])
def test_one_submission_is_enough(form: str, tmp_path: Path) -> None:
    """A single folder or file is one submission, of whom it is named after."""
    lay(tmp_path, {"ada.zip": zipped(), "ada.tar.gz": tarred(), "p/ada.zip": packed({"tree": WORK})})
    lay(tmp_path / "ada", WORK)
    path = tmp_path / {"folder": "ada", "pack": "p/ada.zip", "zip": "ada.zip", "tar": "ada.tar.gz"}[form]

    assert (survey(path).layout, graded(take(path))) == ("one", {"ada"})


def test_unpacked_pack_is_one_submission(tmp_path: Path) -> None:
    """A pack that was unpacked already is still a pack."""
    lay(tmp_path / "ada", {"manifest.json": b"{}", "tree/Procfile": PROCFILE})

    assert "manifest follows 'None'" in problem(take(tmp_path / "ada")["ada"])


@pytest.mark.parametrize("name", ["none", "empty"])
def test_nothing_there_is_a_usage_error(name: str, tmp_path: Path) -> None:
    """A mistyped path and an empty folder are said at once."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError, match=r"is not there|no submission in"):
        survey(tmp_path / name)


BAD_FOLDERS = {
    "no Procfile": "There is no Procfile at the top, so nothing can be started. What is there: README.md, shop/.",
    "a name like it": "What is there: Procfile.txt.",
    "too deep": "no Procfile at the top, but further down: work/Procfile",
    "empty": "There is no file in it that counts",
    "two archives": "There are 2 archives, and nothing says which of them counts: a.zip, b.zip",
    "archives within": "What is there: b.zip",
    "link": "'shop' is a link, and no plain file",
    "link loop": "'loop' is a link, and no plain file",
    "link as Procfile": "'Procfile' is a link",
    "pipe": "'pipe' is a device or a pipe",
    "socket": "'s' is a device or a pipe",
    "not UTF-8": "is not UTF-8",
    "control character": "a character that a name may not hold",
    "deep": "more than 40 folders",
    "many files": "1002 files or more; at most 1000 are taken. Most of them are in 'env'",
    "large": "at most 4194304 are taken",
    "large in all": "at most 33554432 are taken",
    "pack without manifest": "further down: before-01/Procfile, tree/Procfile",
    "pack, file changed": "'tree/Procfile' is not what the manifest says",
    "pack, file more": "'tree/more.py' is there, and the manifest does not name it",
    "pack, file less": "names 'tree/shop/app.py', which is not there",
    "pack, no Procfile": "There is no Procfile at the top",
    "pack of tomorrow": "Its manifest follows 'seamwork/pack/v9'",
    "pack, trees forged": "does not list the trees that it should",
}


def bad_folder(kind: str, folder: Path) -> None:
    """Lay out what is malformed in one way."""
    folder.mkdir(parents=True)
    files: dict[str, dict[str, bytes]] = {
        "no Procfile": {"shop/app.py": b"", "README.md": b""},
        "a name like it": {"Procfile.txt": PROCFILE},
        "too deep": {"README.md": b"", "work/Procfile": PROCFILE},
        "two archives": {"a.zip": zipped(), "b.zip": zipped()},
        "archives within": {"a.zip": zipped({"b.zip": zipped({"c.zip": zipped()})})},
        "control character": {"a\x1b[2J": b""},
        "deep": {"d/" * 45 + "x": b""},
        "many files": {f"env/{n}": b"" for n in range(1_001)},
        "large": {"core": bytes((4 << 20) + 1)},
        "large in all": {f"{n}": bytes(4 << 20) for n in range(9)},
        "pack without manifest": {"tree/Procfile": PROCFILE, "before-01/Procfile": PROCFILE},
        "pack, no Procfile": {"a.zip": packed({"tree": {"x": b""}})},
        "pack of tomorrow": {"a.zip": packed({"tree": WORK}, schema="seamwork/pack/v9")},
        "pack, trees forged": {"a.zip": packed({"tree": WORK, "after": WORK})},
    }
    lay(folder, {"Procfile": PROCFILE} if kind in {"many files", "large in all"} else {})
    lay(folder, files.get(kind, {}))
    pack = {name: file for name, file in _unpacked().items() if (kind, name) != ("pack, file less", "tree/shop/app.py")}
    changes = {
        "pack, file changed": {"tree/Procfile": b"changed"},
        "pack, file more": {"tree/more.py": b""},
        "pack, file less": {},
    }
    if kind in changes:
        lay(folder, {**pack, **changes[kind]})
    links = {"link": ("shop", "/etc"), "link loop": ("loop", "."), "link as Procfile": ("Procfile", "/etc/passwd")}
    if kind in links:
        (folder / links[kind][0]).symlink_to(links[kind][1])
    if kind == "pipe":
        os.mkfifo(folder / "pipe")
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.relpath(folder / "s"))
    if kind == "not UTF-8":
        (folder / os.fsdecode(b"\xff.py")).write_bytes(b"")


def _unpacked() -> dict[str, bytes]:
    import io  # noqa: PLC0415  (used here only)
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(packed({"tree": WORK}))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kind", BAD_FOLDERS)
def test_each_bad_folder_has_its_message(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is said; the neighbour is none the worse for it."""
    monkeypatch.chdir(tmp_path)
    bad_folder(kind, tmp_path / "class/bad")
    lay(tmp_path / "class/good", WORK)

    found = take(tmp_path / "class")

    assert graded(found) == {"good"}
    assert (found["bad"].status, BAD_FOLDERS[kind] in problem(found["bad"])) == (Status.MALFORMED, True), problem(
        found["bad"]
    )


def test_link_in_place_of_a_submission_is_not_followed(tmp_path: Path) -> None:
    """Neither to a folder nor to a file."""
    lay(tmp_path, {"elsewhere/Procfile": PROCFILE, "a.zip": zipped(), "class/good/Procfile": PROCFILE})
    (tmp_path / "class/ada").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "class/bob.zip").symlink_to(tmp_path / "a.zip")

    assert graded(take(tmp_path / "class")) == {"good"}


def test_links_would_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at links, a file from elsewhere on this machine would be handed in."""
    lay(tmp_path, {"secret": b"SECRET", "class/ada/Procfile": PROCFILE})
    (tmp_path / "class/ada/notes").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(folders.os, "O_NOFOLLOW", 0)
    monkeypatch.setattr(folders, "_is_link", lambda _: False)

    assert take(tmp_path / "class")["ada"].trees["tree"]["notes"] == File(b"SECRET")


def test_what_cannot_be_read_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that this machine does not let us read says nothing of the student."""
    lay(tmp_path / "class/ada", WORK)

    def refuse(path: str, _: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(folders.os, "open", refuse)

    assert take(tmp_path / "class")["ada"].status is Status.NOT_GRADABLE


def test_twenty_of_two_hundred_are_malformed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twenty get a message each; the others are there, whole."""
    monkeypatch.chdir(tmp_path)
    kinds = [kind for kind in BAD_FOLDERS if not kind.startswith("large")][:20]
    for number in range(180):
        lay(tmp_path / "class", {f"s{number:03}.zip": zipped({"Procfile": PROCFILE, "n": str(number).encode()})})
    for kind in kinds:
        bad_folder(kind, tmp_path / "class" / f"bad {kind.replace(',', '')}")

    found = take(tmp_path / "class")

    assert len(graded(found)) == 180
    assert sum(one.status is Status.MALFORMED and bool(problem(one)) for one in found.values()) == 20


def test_values_of_messages_are_plain(tmp_path: Path) -> None:
    """A problem can be written down as JSON, whatever a name holds, and is never endless."""
    lay(tmp_path / "class/ada", {"x" * 200 + "/" + "y" * 200: b"", os.fsdecode(b"\xff"): b""})

    one = take(tmp_path / "class")["ada"]

    assert one.problem is not None
    assert len(json.dumps(dict(one.problem.values)).encode()) < 1_000


def test_one_of_a_class_makes_nobody_missing(tmp_path: Path) -> None:
    """Who grades one submission with a roster at hand is told of that one."""
    lay(tmp_path, {"ada.zip": zipped()})

    assert set(take(tmp_path / "ada.zip", roster=ROSTER)) == {"ada"}


def test_names_for_people_hold_nothing_that_acts(tmp_path: Path) -> None:
    """A folder's name may hold colours and line ends; what is shown of it does not."""
    lay(tmp_path / "class", {"a\x1b[31m\nda/Procfile": PROCFILE, ".hidden/Procfile": PROCFILE})

    (one,) = survey(tmp_path / "class").handins()

    assert (one.student.key, one.source) == ("a da", "a da/")


def test_class_zip_with_a_path_that_leads_out(tmp_path: Path) -> None:
    """It costs the submission that it is in, and no other."""
    files = {**MOODLE, "Ada Lovelace_501_assignsubmission_file/../../x": b""}
    lay(tmp_path, {"class.zip": zipped(files)})

    found = take(tmp_path / "class.zip", roster=ROSTER)

    assert graded(found) == {"bob", "王小明"}
    assert "leads out" in problem(found["ada"])


def test_handins_come_one_by_one(tmp_path: Path) -> None:
    """Nothing is read before it is asked for, so that a class of any size needs the memory of one."""
    class_ = lay(tmp_path / "class", {"a.zip": zipped(), "b.zip": b""})
    found = survey(class_)
    (class_ / "b.zip").write_bytes(zipped())

    assert [len(found), *(one.status for one in found.handins())] == [2, None, None]


def test_what_seamwork_pack_makes_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real thing, from a workspace to the trees of a Handin."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    course = Course(Path(__file__).parent / "tiny")
    workspace = init(tmp_path / "bazaar", course, at=course.lab("01"))
    lay(workspace.path, {"notes 笔记.md": b"mine"})
    (tmp_path / "class").mkdir()
    pack(workspace, tmp_path / "class/ada.zip")

    ada = take(tmp_path / "class", required=["before-01"])["ada"]

    assert ada.trees["tree"]["notes 笔记.md"].data == b"mine"
    assert ada.trees["before-01"] == dict(workspace.before(course.lab("01")))


def test_copies_without_a_roster_stay_apart(tmp_path: Path) -> None:
    """Everybody's pack has the same name, and a browser numbers them: nobody's work is taken for another's."""
    class_ = lay(
        tmp_path / "class",
        {"seamwork-02-x.zip": zipped(), "seamwork-02-x (1).zip": zipped(), "ada_seamwork-02-x.zip": zipped()},
    )

    assert graded(take(class_)) == {"seamwork-02-x", "seamwork-02-x (1)", "ada"}
