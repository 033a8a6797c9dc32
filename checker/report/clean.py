r"""What a learner's system sent may hold anything; what a face shows holds no control character and no endless line.

Terminal escape sequences go. Other control characters, lone surrogates, characters that reorder or hide text and
those that XML cannot hold are written out, as ``\x00`` or ``\u202e``: evidence is shown, not acted upon.
Both functions are idempotent.
"""

from __future__ import annotations

import re

__all__ = ["LIMIT", "block", "line"]

LIMIT = 8_192
"""Characters kept of one text, the ellipsis included."""

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: window titles, links; only where it is closed, or it would hide the rest
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS and its like
)
_ODD = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and line ends
    "\u200b\u2028\u2029\u2060\ufeff\ufff9-\ufffb"  # what cannot be seen
    "\u202a-\u202e\u2066-\u2069"  # what reorders the text around it (Unicode Annex 9, 2.1 to 2.5)
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"  # what is no character, and tags
)


def line(text: object, limit: int = LIMIT) -> str:
    """Return ``text`` as one line of at most ``limit`` characters; tabs and line ends become a space."""
    raw = str(text)
    if not raw.isprintable():
        raw = re.sub(r"[\t\r\n]+", " ", _written_out(raw))
    return _cut(raw, limit)


def block(text: object, limit: int = LIMIT) -> str:
    """Return ``text`` with its line ends, as LF, and its tabs, in at most ``limit`` characters."""
    raw = str(text)
    if not raw.isprintable():
        raw = re.sub(r"\r\n?", "\n", _written_out(raw))
    return _cut(raw, limit)


def _written_out(text: str) -> str:
    return _ODD.sub(_name, _ESCAPES.sub("", text))


def _name(found: re.Match[str]) -> str:
    point = ord(found[0])
    return f"\\x{point:02x}" if point <= 0xFF else f"\\u{point:04x}"  # noqa: PLR2004  (one byte)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
