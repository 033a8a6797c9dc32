"""The log of the shop that is up: every line once, in order, also when the ledger forgets."""

from __future__ import annotations

from pathlib import Path

from checker.ledger import Ledger
from checker.session.up_log import Scribe


def test_lines_are_numbered_on(tmp_path: Path) -> None:
    """Who reads on from a number gets what came later, and nothing twice."""
    ledger, scribe = _written(tmp_path, "one", "two")
    first = scribe.lines(wait=5.0)
    ledger.line("shop", "three")

    later = scribe.lines(after=first.upto, wait=5.0)
    scribe.close()

    assert [text for _, text in (*first.lines, *later.lines)] == ["one", "two", "three"]


def test_a_cleared_ledger_loses_no_lines(tmp_path: Path) -> None:
    """When a restart clears the ledger, what comes then is read from its beginning."""
    ledger, scribe = _written(tmp_path, "before")
    seen = scribe.lines(wait=5.0).upto
    ledger.clear()
    ledger.line("shop", "after")

    later = scribe.lines(after=seen, wait=5.0)
    scribe.close()

    assert later.lines == [("shop", "after")]


def test_what_is_left_goes_into_the_file(tmp_path: Path) -> None:
    """Lines that come just before the end are in the file as well."""
    _, scribe = _written(tmp_path, "last words")

    scribe.close()

    assert (tmp_path / "shop.log").read_text("utf-8").endswith("  last words\n")


def test_processes_can_be_gone_through_while_asking() -> None:
    """The ledger can be asked for the lines of each process that it names."""
    ledger = Ledger()
    ledger.line("shop", "here")

    assert [ledger.lines(name)[0].text for name in ledger.processes()] == ["here"]


def _written(folder: Path, *lines: str) -> tuple[Ledger, Scribe]:
    ledger = Ledger()
    for text in lines:
        ledger.line("shop", text)
    return ledger, Scribe(ledger, folder)
