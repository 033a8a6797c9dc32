"""No attack on a mark succeeds: whole submissions, graded by the command, earn what is honest about them and no more."""

from __future__ import annotations

import csv
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jailed import jailed, leave
from markupsafe import Markup
from submissions import BESIDE, CLASS, ENDED, FILES, INSTEAD, MALFORMED, NAMES, PROCFILES, RAN, READ, hand_in

from checker.course import Course
from checker.grader.exports import write_all
from checker.grader.store import Store
from checker.report.clean import line

pytestmark = [pytest.mark.attack, pytest.mark.needs("root", "linux"), pytest.mark.timeout(600)]

HONEST = ("right", "half")
ATTACKS = [*BESIDE, *INSTEAD, *FILES, *PROCFILES, *READ, *MALFORMED, *NAMES]


@dataclass(frozen=True)
class Graded:
    """What came of a class. ``code``: "late" where it came to no end."""

    folder: Path
    code: int | str
    students: dict[str, dict[str, Any]]
    left: Sequence[str]

    @property
    def marks(self) -> dict[str, tuple[str, float | None]]:
        """Return status and points by attack."""
        return {name: (each["status"], each["points"]) for name, each in self.students.items()}

    def kept(self, what: str = "results") -> dict[str, str]:
        """Return what the store keeps of each, by attack: "results", or what is "private"."""
        with Store.open(self.folder / "grades.db") as store:
            judgements = {entry.student.key: store.judgement(entry) for entry in store.table("00-notes")}
        return {name: json.dumps({**getattr(found, what)}) for name, found in judgements.items() if found}


def graded(folder: Path, *attacks: str, words: Sequence[str | Path] = (), seconds: float = 540, **how: Any) -> Graded:
    """Hand in, and grade in the jail."""
    port = free_port()
    for name in attacks:
        hand_in(folder / "in", name, oracle=port, **how)
    store = ("--store", folder / "grades.db")
    done = jailed("marks.py", str(port), str(seconds), *map(str, (folder / "in", *store, *words)), seconds=seconds + 20)
    said = json.loads(done["said"]) if done["said"] else {"students": []}
    called = {line(key, 120): name for name, key in NAMES.items()}
    students = {called.get(each["student"], each["student"]): each for each in said["students"]}
    assert students or done["code"] != 0, done["words"]
    return Graded(folder, done["code"], students, done["left"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """A class of all there is, graded once."""
    folder = tmp_path_factory.mktemp("class")
    return graded(folder, *HONEST, *ATTACKS, words=["--out", folder / "out"])


def honest(attack: str) -> tuple[str, float]:
    """Return what it has earned."""
    if attack in MALFORMED:
        return "malformed", 0.0
    return "graded", 0.0 if attack in ENDED else 2.0


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_earns_what_is_honest(whole: Graded, attack: str) -> None:
    """Two points of four, or nothing where there is nothing to be judged; it has a mark in any case."""
    assert whole.marks[attack] == honest(attack)


def test_neighbours_keep_theirs(whole: Graded) -> None:
    """What is right and what is half right, in the same class, earn what they earn; nobody is added, nobody is lost."""
    assert (whole.marks["right"], whole.marks["half"]) == (("graded", 4.0), ("graded", 2.0))
    assert sorted(whole.students) == sorted((*HONEST, *ATTACKS))
    assert whole.code == 0


def test_nothing_is_left_behind(whole: Graded) -> None:
    """No process, and no file where something would be if it had run outside of its cell."""
    assert whole.left == []
    assert not list(Path("/tmp").glob("seamwork-*-ran")) + list(Path("/tmp").glob("seamwork-was-*"))  # noqa: S108


def test_nobody_got_hold_of_anything(whole: Graded) -> None:
    """No token, no check, no answer of others was said in a reply."""
    assert [attack for attack, kept in whole.kept().items() if "breach" in kept] == []


def test_messages_name_files_as_they_were_handed_in(whole: Graded) -> None:
    """Where the grader laid them out is nobody's business."""
    assert "Line 2 of Procfile names 'notes' again" in whole.kept()["starts_twice"]


def test_there_are_many() -> None:
    """Each is another submission."""
    assert len(set(ATTACKS)) == len(ATTACKS) > 100


COLD = [
    "writes_results",
    "says_it_passed",
    "speaks_on_every_descriptor",
    "reads_tokens",
    "reads_the_checks",
    "imports_the_checker",
    "looks_into_memory",
    "squats_on_every_port",
    "kills_everybody",
    "ends_its_parent_s_group",
    "bombs",
    "leaves_a_daemon",
    "digs_deep",
    "locks_its_tree",
    "becomes_somebody_else",
    "asks_an_oracle",
    "asks_whoever_listens",
    "brings_site_packages",
    "shadows_packages",
    "starts_by_killing",
    "starts_with_a_loader",
]
"""What meets another sandbox, another Python or another first process where nothing is forked."""


@pytest.mark.needs("bwrap")
def test_cold_sandbox_says_the_same(tmp_path: Path) -> None:
    """In bubblewrap's cells they earn the same, and leave and learn as little."""
    class_ = graded(tmp_path, *HONEST, *COLD, words=["--sandbox", "bubblewrap"])

    assert {attack: class_.marks[attack] for attack in COLD} == {attack: honest(attack) for attack in COLD}
    assert (class_.marks["right"], class_.marks["half"]) == (("graded", 4.0), ("graded", 2.0))
    assert class_.left == []
    assert [attack for attack, kept in class_.kept().items() if "breach" in kept] == []


# What the instructor reads


class Acts(HTMLParser):
    """Notes what in a page acts, or asks for something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        if tag in {"script", "img", "iframe", "object", "embed", "link", "base", "form", "input"}:
            self.found.append(tag)
        for name, value in attrs:
            address = name in {"href", "src", "action", "xlink:href"} and not re.match(r"#|[\w/.-]+$", value or "")
            if name.startswith("on") or address:
                self.found.append(f"{name}={value}")


def acting(out: Path) -> dict[str, list[str]]:
    """Name what acts in the pages of a folder, and in any file the characters that a terminal or a reader acts upon."""
    found = {}
    for file in (each for each in out.rglob("*") if each.is_file()):
        text = file.read_text("utf-8")
        page = Acts()
        page.feed(text if file.suffix == ".html" else "")
        odd = re.findall(
            r"[^\S\r\n\t ]|[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff]", text
        )
        if what := [*page.found, *odd]:
            found[str(file.relative_to(out))] = what
    return found


def test_nothing_acts_in_what_is_shown(whole: Graded) -> None:
    """Pages, feedback and gradebooks: markup is text, escapes are written out, no name is a formula."""
    out = whole.folder / "out"

    assert acting(out) == {}
    assert len(list(out.glob("feedback/*.html"))) == len(whole.students)
    assert "&lt;script&gt;" in "".join(page.read_text("utf-8") for page in out.rglob("*.html"))
    for book in out.rglob("*.csv"):
        cells = [cell for row in csv.reader(book.read_text("utf-8-sig").splitlines()) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "\t"))]


def test_markup_acts_where_it_is_not_escaped(whole: Graded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is not held by luck."""
    monkeypatch.setattr("checker.report.markup.escape", Markup)
    monkeypatch.setattr("checker.report.markup.block", str)

    with Store.open(whole.folder / "grades.db") as store:
        write_all(store, Course(CLASS).lab("00"), tmp_path / "out")

    assert {"script", "img"} <= set().union(*acting(tmp_path / "out").values())


# What the instructor alone knows

SECRET = '''"""Hidden."""

from checker import Role


def test_it_keeps_a_secret(notes: Role) -> None:
    """It keeps any note."""
    reply = notes.post("/notes", json={"text": "CANARY-1"})

    assert reply["text"] == "CANARY-1"


def test_it_reads_a_secret(notes: Role) -> None:
    """It reads any note."""
    number = notes.post("/notes", json={"text": "CANARY-2"})["id"]

    assert notes.get(f"/notes/{number}")["text"] == "CANARY-2", "CANARY-3"
'''
CURIOUS = (
    "tells_what_it_is_asked",
    "looks_into_memory",
    "reads_the_checks",
    "reads_tokens",
    "speaks_on_every_descriptor",
)


def test_private_checks_stay_private(tmp_path: Path) -> None:
    """Whatever a submission says of them, title and outcome are all that is kept."""
    folder = tmp_path / "hidden" / "checks"
    folder.mkdir(parents=True)
    (folder / "test_secret.py").write_text(SECRET, "utf-8")

    words = ["--private", tmp_path / "hidden", "--out", tmp_path / "out"]
    class_ = graded(tmp_path, *HONEST, *CURIOUS, words=words)

    assert {name: points for name, (_, points) in class_.marks.items()} == {
        "right": 6.0,
        "half": 3.0,
        **dict.fromkeys(CURIOUS, 3.0),
    }
    kept = [*class_.kept().values(), *class_.kept("private").values(), json.dumps(class_.students)]
    assert [text for text in kept if "CANARY" in text or "breach" in text] == []
    assert "CANARY" not in (tmp_path / "grades.db").read_bytes().decode("latin-1")
    shown = "".join(file.read_text("utf-8") for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert ("It reads any note." in shown, "CANARY" in shown) == (True, False)


# Each defence, taken away

RAISED = ("asks_an_oracle", "speaks_on_every_descriptor")
LEARNT = ("reads_tokens", "reads_the_checks", "imports_the_checker")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Some of them, without a sandbox."""
    return graded(tmp_path_factory.mktemp("bare"), *RAISED, *LEARNT, words=["--unsafe", "--jobs", "1"])


@pytest.mark.parametrize("attack", RAISED)
def test_mark_is_raised_without_a_sandbox(bare: Graded, attack: str) -> None:
    """So that it is not held by luck."""
    status, points = bare.marks[attack]

    assert (status, points > 2.0) == ("graded", True)


@pytest.mark.parametrize("attack", LEARNT)
def test_secret_is_learnt_without_a_sandbox(bare: Graded, attack: str) -> None:
    """So that it is not kept by luck."""
    assert "breach" in bare.kept()[attack]


def test_grader_is_killed_without_a_sandbox(tmp_path: Path) -> None:
    """Then there is no bad mark, nor any other."""
    assert graded(tmp_path, "kills_everybody", words=["--unsafe"]).code != 0


def changed(folder: Path, old: str, new: str) -> list[str | Path]:
    """Lay the course out with other checks; return the words that name it."""
    course = folder / "course"
    shutil.copytree(CLASS, course)
    checks = course / "labs/00-notes/checks/test_notes.py"
    text = checks.read_text("utf-8")
    assert old in text
    checks.write_text(text.replace(old, new), "utf-8")
    return ["--course", course]


def test_canned_answers_help_where_the_data_are_known(tmp_path: Path) -> None:
    """What was recorded at home is right as long as the checks ask the same of everybody."""
    drawn = '" ".join(f"{rng.getrandbits(40):x}" for _ in range(rng.randrange(2, 40)))'
    words = changed(tmp_path, drawn, '"milk and bread"')
    canned = {"milk": "milk and bread"}

    class_ = graded(tmp_path, "recognises_the_grader", "half", words=words, canned=canned)

    assert class_.marks == {"recognises_the_grader": ("graded", 3.0), "half": ("graded", 2.0)}


ASKS_ON = """while notes.get(f"/notes/{number}")["text"] != text:
        pass
    reply = notes.get(f"/notes/{number}")
"""
"""A check that never has enough of a wrong answer."""


READ_BACK = """reply = notes.get(f"/notes/{number}")
"""


def test_check_without_end_costs_its_own_points(tmp_path: Path) -> None:
    """From outside a check is held to its time, and what had ended before it counts."""
    words = changed(tmp_path, READ_BACK, ASKS_ON)

    class_ = graded(tmp_path, *HONEST, words=[*words, "--limit-check", "6"], seconds=90)

    assert class_.marks == {"right": ("graded", 4.0), "half": ("graded", 2.0)}


def test_run_stalls_without_a_limit(tmp_path: Path) -> None:
    """So it is the limit that ends it."""
    words = changed(tmp_path, READ_BACK, ASKS_ON)

    assert graded(tmp_path, "half", words=[*words, "--limit-check", "9000"], seconds=45).code == "late"


def test_roster_says_who_it_is(tmp_path: Path) -> None:
    """A roster that was handed in names another; it does so only where the instructor takes it for theirs."""
    class_ = graded(tmp_path / "a", "claims_to_be_another", "half")
    roster = tmp_path / "roster.csv"
    roster.write_text("key,login\nright,claims_to_be_another\n", "utf-8")

    fooled = graded(tmp_path / "b", "claims_to_be_another", words=["--roster", roster])

    assert set(class_.marks) == {"claims_to_be_another", "half"}
    assert fooled.marks == {"right": ("graded", 2.0)}


@pytest.mark.parametrize("attack", ["brings_a_conftest"])
def test_bait_is_live(tmp_path: Path, attack: str) -> None:
    """A plain pytest that collects their tree runs their plugins, and all is well."""
    hand_in(tmp_path, attack)
    tree = tmp_path / attack
    for name in ("pytest.ini", "tox.ini", "pyproject.toml", "setup.cfg"):
        (tree / name).unlink()
    (tree / "test_it.py").write_text("def test_it():\n    assert False\n", "utf-8")

    ran = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=tree, check=False)

    assert ran.returncode == 0
    Path(RAN).unlink()


@pytest.fixture(scope="module", autouse=True)
def no_group_left() -> Iterator[None]:
    """Take the jail away."""
    yield
    leave()
