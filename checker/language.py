"""Which language the reader wants, and gettext in it. Only the faces (cli, notebook) ask here."""

from __future__ import annotations

import gettext
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "language", "say", "translator"]

LANGUAGES = ("en", "zh")
LOCALES = Path(__file__).with_name("locale")


def language() -> str:
    """Return "en" or "zh": SEAMWORK_LANG, else the locale's (LC_ALL, LC_MESSAGES, LANG), else English."""
    for name in ("SEAMWORK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@cache
def translator(lang: str) -> Callable[[str], str]:
    """Return gettext for ``lang``; where there is no catalogue yet, what is given comes back."""
    return gettext.translation("seamwork", LOCALES, languages=[lang], fallback=True).gettext


def say(message: str, /, **values: object) -> str:
    """Translate a message into the reader's language and fill its values in."""
    return translator(language())(message).format(**values)
