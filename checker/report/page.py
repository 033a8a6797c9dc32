"""The frame of each web page that needs nothing else: no script, no request, its own style."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

from checker.report.markup import Child, elements, tag
from checker.report.words import Voice

__all__ = ["POLICY", "document", "language_tag", "style"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
HERE = Path(__file__).parent


def document(title: str, voice: Voice, *body: Child, skip: str, sheets: tuple[Path, ...] = ()) -> str:
    """Return the whole page. ``skip`` names the link that the keyboard meets first, to #checks; ``sheets`` are styles beside ours."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · Seamwork"),
        style("pieces"),
        style("page"),
        elements(_sheet(sheet) for sheet in sheets),
    )
    link = tag("a", skip, href="#checks", cls="sw-skip")
    return f"<!doctype html>\n{tag('html', head, tag('body', link, *body, cls='sw'), lang=language_tag(voice.lang))}\n"


def language_tag(lang: str) -> str:
    """Return the BCP 47 tag of a language of the course."""
    return {"zh": "zh-Hans"}.get(lang, lang)


def style(name: str) -> Markup:
    """Return a style sheet of this package, as an element."""
    return _sheet(HERE / f"{name}.css")


@cache
def _sheet(file: Path) -> Markup:
    return tag("style", Markup(file.read_text("utf-8")))  # noqa: S704  (a file of ours)
