"""The map on a page, and as a piece of HTML for a notebook's output: the picture, and the same in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.coupling.svg import drawing
from checker.coupling.svg import style as own_style
from checker.coupling.words import Section, remarks, sections
from checker.errors import N_
from checker.report.html import POLICY, language_tag, style
from checker.report.markup import elements, tag
from checker.report.words import Translate, Voice, identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from checker.coupling.model import CouplingMap, Numbers

__all__ = ["render_fragment", "render_page"]


def render_fragment(
    drawn: CouplingMap,
    *,
    lang: str = "en",
    translate: Translate = identity,
    earlier: Sequence[tuple[str, Numbers]] = (),
) -> str:
    """Return the picture with its tables folded below, for a page that is not ours. No script, no id."""
    voice = Voice(lang, translate)
    styles = elements([style("pieces"), tag("style", own_style("map"))])
    return str(
        tag("div", styles, _body(drawn, voice, earlier, folded=True), cls="sw sw-notebook", lang=language_tag(lang))
    )


def render_page(
    drawn: CouplingMap,
    *,
    lang: str = "en",
    translate: Translate = identity,
    earlier: Sequence[tuple[str, Numbers]] = (),
) -> str:
    """Return a whole page that needs nothing else."""
    voice = Voice(lang, translate)
    title = voice.say(N_("Coupling map of lab {lab}"), lab=drawn.lab)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · Seamwork"),
        style("pieces"),
        style("page"),
        tag("style", own_style("map")),
    )
    header = tag("header", tag("h1", title))
    body = tag("body", header, tag("main", _body(drawn, voice, earlier, folded=False)), cls="sw")
    return f"<!doctype html>\n{tag('html', head, body, lang=language_tag(lang))}\n"


def _body(drawn: CouplingMap, voice: Voice, earlier: Sequence[tuple[str, Numbers]], *, folded: bool) -> Markup:
    first, *others = (_section(each) for each in sections(drawn, voice, earlier))
    picture = tag("div", drawing(drawn, voice), cls="sw-m-scroll")
    told = _told(drawn, voice)
    if not folded:
        return elements([picture, first, *others, told])
    shown, hidden = ([first], others) if earlier else ([], [first, *others])
    summary = tag("summary", voice.say(N_("The same in tables")))
    return elements([picture, *shown, tag("details", summary, *hidden, cls="sw-m-fold"), told])


def _told(drawn: CouplingMap, voice: Voice) -> Markup:
    return elements(tag("p", said, cls="sw-dim") for said in remarks(drawn, voice))


def _section(section: Section) -> Markup:
    title = tag("h2", section.title)
    if not section.rows:
        return tag("section", title, tag("p", section.empty, cls="sw-dim"), cls="sw-m-section")
    head = tag("tr", *(_cell("th", cell, at, section) for at, cell in enumerate(section.columns)))
    rows = elements(tag("tr", *(_cell("td", cell, at, section) for at, cell in enumerate(row))) for row in section.rows)
    table = tag("table", tag("thead", head), tag("tbody", rows), cls="sw-table sw-m-words")
    return tag("section", title, tag("div", table, cls="sw-scroll"), cls="sw-m-section")


def _cell(name: str, cell: str, at: int, section: Section) -> Markup:
    return tag(name, cell, cls="sw-m-right" if at in section.numeric else None, scope="col" if name == "th" else None)
