"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checker.report.clean import LIMIT, block, line


def test_colours_of_a_log_line_go() -> None:
    """A terminal sequence is taken out whole, its letters too."""
    assert line("\x1b[1;31mERROR\x1b[0m orders \x1b]8;;http://x\x07link") == "ERROR orders link"


def test_open_sequence_hides_nothing() -> None:
    """A sequence that never ends takes no evidence with it."""
    assert line("before \x1b]0;after") == r"before \x1b]0;after"


def test_reordering_is_written_out() -> None:
    """A right-to-left override is shown by its number."""
    assert line("invoice\u202efdp.exe") == r"invoice\u202efdp.exe"


def test_nul_is_written_out() -> None:
    """A NUL is evidence, and no end of the text."""
    assert line("a\x00b") == r"a\x00b"


def test_lines_stay_in_a_block_only() -> None:
    """A block keeps its line ends, a line has none."""
    assert block("a\r\nb\rc") == "a\nb\nc"
    assert line("a\r\nb\tc") == "a b c"


def test_endless_line_is_cut() -> None:
    """Ten thousand characters become the first of them and an ellipsis."""
    assert line("x" * 10_000) == "x" * (LIMIT - 1) + "…"


def test_arabic_and_chinese_pass() -> None:
    """Names in any script are left as they are."""
    assert line("نور 小美 Zoë") == "نور 小美 Zoë"


@given(st.text(st.characters(), max_size=200))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """What has been cleaned is clean."""
    assert line(line(text, 50), 50) == line(text, 50)
    assert block(block(text, 50), 50) == block(text, 50)
