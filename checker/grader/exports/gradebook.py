"""Gradebooks as CSV: what is common to those of Canvas and Moodle.

A spreadsheet takes a cell that begins with = + - @ or a tab for a formula (OWASP, "CSV Injection"). Names get an apostrophe
before it. An identity is never changed, for it would be another student's or nobody's: who has such a one is left out, and
named. RFC 4180: CRLF, quotes doubled.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from checker.report.clean import line

__all__ = ["is_formula", "table", "text"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def text(words: object) -> str:
    """Return a text for a cell, which no spreadsheet computes."""
    shown = line(words, 1_000)
    return f"'{shown}" if is_formula(shown) else shown


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute it."""
    return cell.lstrip(" ").startswith(_FORMULA)
