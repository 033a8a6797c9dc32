"""What a terminal can show: colours or none, Unicode or ASCII only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

__all__ = ["Ink", "Terminal", "terminal"]

_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "○": "-", "‼": "!", "→": "->", "…": "...", "·": "-", "×": "x", "“": '"', "”": '"', "’": "'"}
)
_PLAIN = 80


@dataclass(frozen=True)
class Ink:
    """Writes a piece of one line in a style; ``unicode`` false writes all that is not ASCII out."""

    color: bool = False
    unicode: bool = True

    def __call__(self, text: str, style: str = "") -> str:
        """Return ``text`` as the terminal gets it; ``style`` is one of rich's."""
        shown = self.glyphs(text)
        if not (self.color and style and shown):
            return shown
        from rich.color import ColorSystem  # noqa: PLC0415  (only for a terminal with colours)
        from rich.style import Style  # noqa: PLC0415

        return Style.parse(style).render(shown, color_system=ColorSystem.STANDARD)

    def glyphs(self, text: str) -> str:
        """Return ``text`` in characters that the terminal has; idempotent."""
        if self.unicode or text.isascii():
            return text
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


@dataclass(frozen=True)
class Terminal:
    """What ``render_text`` asks about the place where its text goes: ``width`` in cells, ``color``, ``unicode``."""

    width: int
    color: bool
    unicode: bool


def terminal(stream: TextIO, environ: Mapping[str, str]) -> Terminal:
    """Look at a stream: no colours where it is no terminal, where NO_COLOR is set, or where TERM is dumb."""
    shown = stream.isatty()
    plain = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
    return Terminal(_width(stream, environ) if shown else _PLAIN, shown and not plain, _has_glyphs(stream.encoding))


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    if (told := environ.get("COLUMNS", "")).isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _PLAIN
    except OSError:
        return _PLAIN


def _has_glyphs(encoding: str | None) -> bool:
    try:
        "✓✗○‼→…·×".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
