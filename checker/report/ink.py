"""What a terminal can show: colours or none, Unicode or ASCII only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Ink"]

_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "○": "-", "→": "->", "…": "...", "·": "-", "×": "x", "“": '"', "”": '"', "’": "'"}
)


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
