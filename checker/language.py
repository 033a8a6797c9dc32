"""Which language the reader wants, and gettext in it. Only the faces (cli, notebook) ask here."""

from __future__ import annotations

import errno
import gettext
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from checker.errors import N_, SeamworkError

__all__ = ["LANGUAGES", "language", "say", "sentence", "told", "translator"]

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


def sentence(error: SeamworkError) -> str:
    """Return the error's words in the reader's language: what is the matter, and on a line of its own the next move."""
    parts = [error.message, error.move]
    return "\n".join(say(part, **error.values) for part in parts if part)


def told(error: Exception) -> str:
    """Return what to say of any error; one that nobody foresaw is ours, and its details go into a file that is named."""
    if isinstance(error, SeamworkError):
        return sentence(error)
    return _disk(error) if isinstance(error, OSError) else _crash(error)


def _disk(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return say(
            N_(
                "There is no room left on the disk ({path}).\nFree some, for example in ~/.cache, and run the command again; nothing of yours was changed."
            ),
            path=error.filename or "?",
        )
    return say(N_("The machine refused: {error}"), error=error)


def _crash(error: Exception) -> str:
    import tempfile  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    handle, name = tempfile.mkstemp(prefix="seamwork-crash-", suffix=".txt", text=True)
    os.close(handle)
    Path(name).write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return say(
        N_("This is our fault, not yours: {kind}: {error}\nThe details are in {path}; please report them."),
        kind=type(error).__name__,
        error=error,
        path=name,
    )
