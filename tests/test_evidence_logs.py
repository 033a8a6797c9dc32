"""What others wrote, made safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.evidence.logs import LINE, clean_body, clean_line


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain\r\n", "plain"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07after", "after"),
        (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1b[2J\x1b(Bclear", "clear"),
        (b"tab\tstays\x00\x08\x7f", "tab\tstays"),
        ("\u202eevil\u2066 \u009b31m".encode(), "evil 31m"),
        ("订单".encode(), "订单"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\x1b", ""),
    ],
)
def test_a_line_is_plain_text(raw: bytes, text: str) -> None:
    """Colours, titles, links and what turns text round are gone."""
    assert clean_line(raw) == text


def test_a_long_line_is_cut() -> None:
    """At eight kilobytes, also in the middle of a character; one that just fits is whole."""
    assert clean_line(b"a" * LINE + b"\n") == "a" * LINE
    assert clean_line(b"a" * (LINE - 1) + "é".encode()) == "a" * (LINE - 1) + "…"


@given(st.binary(max_size=200))
def test_no_line_keeps_a_control_character(raw: bytes) -> None:
    """Whatever is written."""
    assert all(char == "\t" or (char >= " " and not "\x7f" <= char <= "\x9f") for char in clean_line(raw))


def test_a_body_keeps_its_lines() -> None:
    """Line ends stay; what is compressed is named; what is long is cut."""
    assert clean_body(b"a\n\x1b[1mb\r\n", 100) == "a\nb\n"
    assert clean_body(b"\x1f\x8b123", 100, encoding="gzip") == "(gzip, 5 bytes)"
    assert clean_body(b"abcdef", 3) == "abc…"
