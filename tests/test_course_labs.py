"""A lab is its folder, its lab.toml and the docstrings of its checks; what is not right is said loudly."""

import shutil
from pathlib import Path

import pytest

from checker.course import Course, Lab
from checker.errors import EngineFault, UsageError

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Copy one lab, to spoil it."""
    return Path(shutil.copytree(TINY / "labs" / "01-split", tmp_path / "01-split"))


def spoil(file: Path, old: str, new: str) -> None:
    """Put something else into a file; what is replaced must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_lab_comes_from_its_folder() -> None:
    """Number and name are the folder's; title, minutes and needs are lab.toml's."""
    lab = Course(TINY).lab("01")

    assert (lab.number, lab.name, lab.short) == ("01", "01-split", "split")
    assert (lab.title["zh"], lab.minutes, lab.teaches, lab.points) == ("拆分", 15, ("P1", "P2"), 4.0)


def test_lines_are_120_where_nothing_is_said(lab: Path) -> None:
    """A lab says itself how much there is to write, where it is another amount than elsewhere."""
    usual = Lab.load(lab).lines
    spoil(lab / "lab.toml", "minutes = 15", "minutes = 15\nlines = 180")

    assert (usual, Lab.load(lab).lines) == (120, 180)


def test_checks_come_in_the_order_of_the_file() -> None:
    """Checks are found in the code, with claims in both languages and what lab.toml says of them."""
    lab = Course(TINY).lab("02")

    check = lab.check("test_silence_is_survived[once]")

    assert list(lab.checks) == ["test_count_is_shown", "test_silence_is_survived"]
    assert check.claim["en"] == "People are greeted within two seconds while the counter hangs."
    assert check.claim["zh"] == "计数服务没有反应时，两秒之内仍能打招呼。"
    assert (check.points, len(check.hints["zh"]), lab.read("test_silence_is_survived")) == (2.0, 3, "labs/02-more#idea")


def test_where_to_read_on_is_in_the_workspace() -> None:
    """A workspace has no labs/, but the notebook of its reader's language, and a heading in it."""
    place = Course(TINY).lab("02").place("test_silence_is_survived")

    assert place == {"en": 'notebooks/02-more.ipynb, "The idea"', "zh": "notebooks/02-more.zh.ipynb，“思路”"}


def test_a_check_that_says_nothing_has_no_place_to_read_on() -> None:
    """Better no line than one that leads nowhere."""
    assert Course(TINY).lab("02").place("test_of_a_stranger") == {}


def test_tiny_course_has_no_gaps() -> None:
    """Every check has its claim, reason and hints in both languages."""
    assert [gap for lab in Course(TINY).labs for gap in lab.gaps()] == []


def test_gap_names_check_language_and_home(lab: Path) -> None:
    """What is missing for a complete lab is listed, and where to write it."""
    (lab / "checks" / "claims.zh.toml").unlink()

    gaps = [str(gap) for gap in Lab.load(lab).gaps()]

    assert gaps[0] == (
        "01-split: test_counter_owns_the_counts lacks its claim in zh. Write it in checks/claims.zh.toml."
    )


@pytest.mark.parametrize("asked", [1, "1", "01", "01-split", "split", "01-split/"])
def test_lab_is_found_by_any_of_its_names(asked: str | int) -> None:
    """Number with and without zero, folder, and short name all do."""
    assert Course(TINY).lab(asked).name == "01-split"


@pytest.mark.parametrize("asked", ["7", "-1", "", "spli", "../01-split"])
def test_unknown_lab_lists_what_there_is(asked: str) -> None:
    """A lab out of range is a sentence with the labs that there are."""
    with pytest.raises(UsageError, match=r"There is no lab .* There are: 00-hello, 01-split, 02-more") as caught:
        Course(TINY).lab(asked)

    assert repr(asked) in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 15", "minutes = 'ten'", "says minutes = 'ten'; expected is a whole number"),
        ("minutes = 15", "minutes = true", "says minutes = True; expected is a whole number"),
        ("minutes = 15", "minutes = 15\nlines = 'many'", "says lines = 'many'; expected is a whole number"),
        ("minutes = 15", "", "lacks minutes, which is a whole number"),
        ("minutes = 15", "minutes = 15\nid = 1", "has id, which means nothing here. Known here: .*minutes"),
        ('zh = "拆分"', "", "lacks title.zh, which is text"),
        ('"P2"]', '"two"]', "says teaches = 'two'; expected is a practice such as P3"),
        ('"P2"]', '"P2"]\nneeds = ["postgres"]', "says needs = 'postgres'; expected is one of postgresql, redis"),
        ('"00:test_greeter_counts"', '"test_greeter_counts"', "says replaces = 'test_greeter_counts'; expected is"),
        ("points = 2", "points = 'two'", r"says checks.test_counter_owns_the_counts.points = 'two'"),
        ("points = 2", "pionts = 2", "has checks.test_counter_owns_the_counts.pionts, which means nothing here"),
        ('hints.en = ["Look at counter/app.py.", ', "hints.en = [", "hints.en = .*expected is three hints"),
        ("minutes = 15", "minutes = = 15", "is no valid TOML"),
    ],
)
def test_fault_in_lab_toml_names_key_and_value(lab: Path, old: str, new: str, said: str) -> None:
    """File, key, value and next move are all in the sentence."""
    spoil(lab / "lab.toml", old, new)

    with pytest.raises(EngineFault, match=said) as caught:
        Lab.load(lab)

    assert str(lab / "lab.toml") in str(caught.value)


def test_missing_lab_toml_is_named(lab: Path) -> None:
    """A lab's folder without lab.toml is not passed over."""
    (lab / "lab.toml").unlink()

    with pytest.raises(EngineFault, match=r"lab\.toml is not there"):
        Lab.load(lab)


def test_entry_for_a_check_that_is_not_there_is_named(lab: Path) -> None:
    """A hint for a check that was renamed does not get lost."""
    spoil(lab / "lab.toml", "[checks.test_greeter_tells_counter]", "[checks.test_greeter_tells]")

    with pytest.raises(EngineFault, match=r"speaks of the check test_greeter_tells, which is not in 01-split/checks"):
        _ = Lab.load(lab).checks


def test_claim_for_a_check_that_is_not_there_is_named(lab: Path) -> None:
    """A Chinese claim without its check is an error, not left over."""
    spoil(lab / "checks" / "claims.zh.toml", "test_greeter_tells_counter", "test_gone")

    with pytest.raises(EngineFault, match=r"claims\.zh\.toml has test_gone, which means nothing here"):
        _ = Lab.load(lab).checks


def test_two_checks_of_one_name_are_refused(lab: Path) -> None:
    """Hints and marks go by name, so a name is there once."""
    (lab / "checks" / "test_zzz.py").write_text("def test_greeter_tells_counter(): ...\n")

    with pytest.raises(EngineFault, match=r"test_zzz\.py has a second check named test_greeter_tells_counter"):
        _ = Lab.load(lab).checks


def test_checks_are_read_without_being_run(lab: Path) -> None:
    """Claims are read from the code's text; a check that cannot even be imported has one."""
    (lab / "checks" / "test_zzz.py").write_text(
        'import gone\n\n\nasync def test_zzz():\n    """It\n    works.\n\n    More."""\n'
    )

    assert Lab.load(lab).checks["test_zzz"].claim == {"en": "It works."}


def test_check_that_is_no_python_is_named(lab: Path) -> None:
    """A syntax error in a check is said with its file, and is ours."""
    (lab / "checks" / "test_zzz.py").write_text("def test_(:\n")

    with pytest.raises(EngineFault, match=r"test_zzz\.py is no valid Python"):
        _ = Lab.load(lab).checks


def test_two_labs_of_one_number_are_refused(tmp_path: Path) -> None:
    """A number stands for one lab."""
    course = shutil.copytree(TINY, tmp_path / "course")
    shutil.copytree(course / "labs" / "01-split", course / "labs" / "01-again")

    with pytest.raises(EngineFault, match=r"01-again and 01-split have the same number"):
        _ = Course(course).labs


@pytest.mark.parametrize("folder", ["3-short", "03_under", "03-Upper"])
def test_folder_that_is_no_name_for_a_lab_is_refused(tmp_path: Path, folder: str) -> None:
    """A lab whose folder is misspelt is not passed over in silence."""
    course = shutil.copytree(TINY, tmp_path / "course")
    (course / "labs" / folder).mkdir()

    with pytest.raises(EngineFault, match=rf"{folder} is no name for a lab"):
        _ = Course(course).labs


def test_replacing_an_unknown_check_is_refused(tmp_path: Path) -> None:
    """Only a check of an earlier lab can be replaced."""
    course = shutil.copytree(TINY, tmp_path / "course")
    spoil(course / "labs" / "01-split" / "lab.toml", "00:test_greeter_counts", "02:test_count_is_shown")

    with pytest.raises(EngineFault, match=r"replaces 02:test_count_is_shown, which is no check of an earlier lab"):
        _ = Course(course).labs


def test_folder_without_labs_is_said(tmp_path: Path) -> None:
    """An empty course is an installation fault, and says what to do."""
    with pytest.raises(EngineFault, match=r"holds no labs. Install seamwork again"):
        _ = Course(tmp_path).labs
