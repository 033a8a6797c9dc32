"""What processes write arrives in the ledger, line by line, whatever they write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.errors import EngineFault
from checker.ledger import Ledger
from checker.runtime.launcher import Launcher, Process
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

ENV = {"PATH": os.defpath}


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def launcher(ledger: Ledger) -> Iterator[Launcher]:
    with Launcher(ledger=ledger) as launcher:
        yield launcher


def said(launcher: Launcher, script: str) -> Process:
    process = launcher.start("shop", ["sh", "-c", script], ENV, Path("/"))
    process.wait(20)
    return process


def test_lines_arrive_under_the_name_of_their_process(launcher: Launcher, ledger: Ledger) -> None:
    """Standard output and standard error in their order, the last line without its end."""
    ledger.clear()

    said(launcher, "echo one; echo two >&2; printf three")

    assert [line.text for line in ledger.lines("shop")] == ["one", "two", "three"]


def test_a_line_without_end_is_cut_once(launcher: Launcher) -> None:
    """Of a line of 200,000 bytes the first 8 KiB are kept, and what follows it is a line of its own."""
    process = said(launcher, "head -c 200000 /dev/zero | tr '\\0' x; echo; echo next")

    assert [len(line) for line in process.last_lines] == [8_193, 4]


def test_a_line_that_never_ends_is_heard(launcher: Launcher) -> None:
    """More than 8 KiB are not waited for."""
    endless = launcher.start("endless", ["sh", "-c", "head -c 10000 /dev/zero | tr '\\0' x; sleep 60"], ENV, Path("/"))

    heard = until(lambda: endless.last_lines, within=10)

    endless.kill()
    assert len(heard[0]) == 8_193


def test_a_flood_stops_nobody(launcher: Launcher) -> None:
    """Whoever writes without end is read on, and can be ended."""
    flood = launcher.start("flood", ["yes"], ENV, Path("/"))

    process = said(launcher, "echo heard")

    flood.kill()
    assert process.last_lines == ["heard"]


def test_escape_sequences_do_not_arrive(launcher: Launcher) -> None:
    """Colours and terminal titles are taken out."""
    assert said(launcher, r"printf '\033[31mred\033[0m \033]0;title\007\n'").last_lines == ["red "]


def test_a_closed_launcher_starts_nothing() -> None:
    """Who asks for a process after the end is told, and does not wait."""
    launcher = Launcher(ledger=Ledger())
    launcher.close()

    with pytest.raises(EngineFault, match="is gone"):
        launcher.start("late", ["true"], ENV, Path("/"))
