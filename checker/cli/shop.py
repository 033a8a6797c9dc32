"""What the commands on the shop that is up share."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from checker.cli.common import colour, open_workspace, unicode_ok
from checker.language import language, translator
from checker.report.ink import Ink
from checker.report.words import Voice
from checker.session.up import Up
from checker.session.up_text import Words

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_up", "words"]


def open_up(workspace: Path | None) -> Up:
    """Return what is up in the workspace named, or around the current folder; whether anything is, it says itself."""
    return Up(open_workspace(workspace).path)


def words() -> Words:
    """Return the words for this terminal."""
    voice = Voice(language(), translator(language()))
    ink = Ink(color=colour(), unicode=unicode_ok())
    return Words(voice, ink, shutil.get_terminal_size((100, 24)).columns)
