"""Text in terminal cells: Chinese and Japanese characters take two, accents none."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["pad", "shorten", "width", "wrap"]

_OPENING = "（《「『【“‘(["
_CLOSING = "，。！？；：、）》」』】”’…,.!?;:)]%"
_WORDS = r"\s+|[^\s\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+|."
"""White space, a word, or one character of a script that is written without spaces."""


def width(text: str) -> int:
    """Return the cells that a line takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  (costs 4 ms; most lines are ASCII)

    return cell_len(text)


def pad(text: str, cells: int) -> str:
    """Return ``text`` filled up with spaces to ``cells``."""
    return text + " " * (cells - width(text))


def shorten(text: str, cells: int, ellipsis: str = "…") -> str:
    """Return ``text`` cut to ``cells``, the ellipsis included."""
    if width(text) <= cells:
        return text
    return _head(text, cells - width(ellipsis)) + ellipsis


def wrap(text: str, cells: int) -> list[str]:
    """Return ``text`` in lines of at most ``cells``; Chinese breaks between characters, but not before a full stop."""
    cells = max(cells, 2)
    if width(text) <= cells:
        return [text.rstrip()]
    lines = [""]
    for piece in _pieces(text):
        if width(lines[-1] + piece.rstrip()) > cells and lines[-1].strip():
            lines.append("")
        rest = piece.lstrip() if len(lines) > 1 and not lines[-1] else piece
        while width(rest.rstrip()) > cells:
            head = _head(rest, cells)
            lines[-1:] = [head, ""]
            rest = rest[len(head) :]
        lines[-1] += rest
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for token in _words().findall(text):
        glued = pieces and (token[0] in _CLOSING or pieces[-1][-1] in _OPENING)
        if glued and not token.isspace() and not pieces[-1].isspace():
            pieces[-1] += token
        else:
            pieces.append(token)
    return pieces


@cache
def _words() -> re.Pattern[str]:
    return re.compile(_WORDS, re.DOTALL)  # 3 ms, and a run without a line to wrap needs none


def _head(text: str, cells: int) -> str:
    if text.isascii():
        return text[:cells]
    from rich.cells import split_graphemes  # noqa: PLC0415  (as above)

    taken = used = 0
    for _, end, wide in split_graphemes(text[: 4 * cells + 8])[0]:
        used += wide
        if used > cells and taken:
            break
        taken = end
    return text[:taken]
