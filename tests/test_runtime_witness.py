"""A witness knows what forked processes read of a folder, and whether they would read the same again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.ledger import Ledger
from checker.runtime.environment import base_environment
from checker.runtime.launcher import Launcher
from checker.runtime.witness import Witness

PROGRAM = """
import helping
from pathlib import Path

print(Path("data.csv").read_text())
"""
WITH_A_CHILD = """
import subprocess, sys

subprocess.run([sys.executable, "-c", "open('data.csv').read()"])
"""


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher(ledger=Ledger(), preload=["json"]) as launcher:
        yield launcher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program, what it reads, and what it does not."""
    files = {
        "Procfile": "",
        "program.py": PROGRAM,
        "helping.py": "",
        "data.csv": "1",
        "other.py": "",
        "child.py": WITH_A_CHILD,
    }
    (tmp_path / "tree").mkdir()
    for name, text in files.items():
        (tmp_path / "tree" / name).write_text(text, "utf-8")
    return tmp_path / "tree"


def heard(launcher: Launcher, folder: Path, program: str = "program.py", *, fork: bool = True) -> Witness:
    """Let a program run before a witness."""
    witness = Witness(folder, folder.parent)
    argv = [sys.executable, program]
    process = launcher.start("x", argv, base_environment(folder), folder, fork=fork, report=witness.report())
    process.wait(20)
    assert (process.returncode, bool(process.cold)) == (0, not fork), process.last_lines
    return witness


def test_nothing_has_changed(launcher: Launcher, folder: Path) -> None:
    """As long as nothing is saved, all would be read again as it was."""
    assert heard(launcher, folder).holds()


@pytest.mark.parametrize("name", ["program.py", "helping.py", "data.csv", "Procfile"])
def test_what_was_read_has_changed(launcher: Launcher, folder: Path, name: str) -> None:
    """A change of the program, of what it imports or opens, or of how it is called counts."""
    witness = heard(launcher, folder)
    (folder / name).write_text("2", "utf-8")

    assert not witness.holds()


def test_what_was_not_read_has_changed(launcher: Launcher, folder: Path) -> None:
    """A change of what nobody read does not count."""
    witness = heard(launcher, folder)
    (folder / "other.py").write_text("2", "utf-8")

    assert witness.holds()


def test_module_came_from_its_cache(launcher: Launcher, folder: Path) -> None:
    """A module that was loaded without its source being opened has been read all the same."""
    heard(launcher, folder)
    witness = heard(launcher, folder)
    (folder / "helping.py").write_text("x = 2", "utf-8")

    assert (folder / "__pycache__").is_dir()
    assert not witness.holds()


def test_new_file_is_noticed(launcher: Launcher, folder: Path) -> None:
    """A file that was not there may stand in the way of one that was read."""
    witness = heard(launcher, folder)
    (folder / "json.py").write_text("", "utf-8")

    assert not witness.holds()


def test_change_while_it_runs_is_noticed(launcher: Launcher, folder: Path) -> None:
    """What counts is what was there before the process began."""
    witness = Witness(folder, folder.parent)
    (folder / "data.csv").write_text("2", "utf-8")
    argv = [sys.executable, "program.py"]
    launcher.start("x", argv, base_environment(folder), folder, fork=True, report=witness.report()).wait(20)

    assert not witness.holds()


def test_child_of_its_own_blinds(launcher: Launcher, folder: Path) -> None:
    """What another program reads for it cannot be seen."""
    assert not heard(launcher, folder, "child.py").holds()


def test_cold_start_blinds(launcher: Launcher, folder: Path) -> None:
    """Of a process that was executed nothing is known."""
    assert not heard(launcher, folder, fork=False).holds()


def test_writing_blinds(launcher: Launcher, folder: Path) -> None:
    """A process that writes into the folder makes it another one for the next."""
    (folder / "program.py").write_text("open('data.csv', 'r+').close()", "utf-8")

    assert not heard(launcher, folder).holds()
