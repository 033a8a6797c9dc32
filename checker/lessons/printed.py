"""A cell's output on a page: the report's own pieces where its lines are understood, else as they came."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from checker.lessons.told import Part, Told, Verdict, unwrapped, verdict
from checker.report.markup import Child, elements, tag
from checker.report.page import language_tag
from checker.report.parts import mark
from checker.report.words import OUTCOMES, Translate

__all__ = ["Link", "output_html"]

Link = Callable[[str, str], str]
"""From where to read on (the lesson, "01-boundaries", and a heading in it) to its address, seen from the page."""

_READ = re.compile(r"""notebooks/(?P<lesson>\d\d-[a-z0-9-]+)(?:\.zh)?\.ipynb(?:, "|，\s*“)(?P<heading>[^"”]+)["”]""")
_STATUS = re.compile(r"(?P<code>[1-5]\d\d) \S")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LOGGED = re.compile(r"[\w-]+ \| ")
_TORN = re.compile(r"\n(?![\w-]+ \| )")
"""Where a line of a log was broken because it was full."""
_PLAIN = {"again", "details"}
"""Labels of what is typed or opened, and is not prose."""
_COLUMNS = {"on the wire", "log"}
"""Labels of what stands in columns."""


def output_html(outputs: Sequence[Mapping[str, Any]], language: str, translate: Translate, link: Link) -> str:
    """Return what a cell put out as one line of HTML without ids, so that Markdown leaves it alone; "" for nothing."""
    shown = [_shown(output, translate, link) for output in outputs]
    inside = elements([each for each in shown if each])
    if not inside:
        return ""
    box = tag("div", inside, cls="sw sw-notebook sw-out", lang=language_tag(language))
    return str(box).replace("\n", "&#10;")


def _shown(output: Mapping[str, Any], translate: Translate, link: Link) -> Markup | None:
    data = output.get("data", {})
    if html := _text(data.get("text/html", "")):
        return Markup(_STYLE.sub("", html))  # noqa: S704  (our own report's, from a notebook of ours)
    text = _ESCAPE.sub("", _text(output.get("text", "") or data.get("text/plain", ""))).replace("\r", "").strip("\n")
    if not text:
        return None
    run = verdict(text, translate)
    if run is not None:
        return _verdict(run, translate, link)
    return _reply(text, translate) if _STATUS.match(text) else _columns(text)


def _text(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else "".join(value)


# A run of checks


def _verdict(run: Verdict, translate: Translate, link: Link) -> Markup:
    head = tag("p", tag("strong", run.lab), " ", tag("span", run.count), cls="sw-headline")
    checks = tag("ul", *(_check(told, translate, link) for told in run.checks), cls="sw-told")
    foot = [tag("p", _bare(line), cls="sw-then" if at else "sw-dim sw-foot") for at, line in enumerate(run.foot)]
    return elements([head, checks, *foot])


def _check(told: Told, translate: Translate, link: Link) -> Markup:
    said = tag("span", *_with_code(told.claim), cls="sw-claim")
    badge = tag("span", translate(OUTCOMES[told.outcome]), cls="sw-badge")
    claim = tag("div", mark(told.outcome), said, badge, cls="sw-line-of")
    body = tag("div", *_body(told.parts, translate, link), cls="sw-body") if told.parts else None
    return tag("li", claim, body, cls=f"sw-check sw-{told.outcome.value}")


def _body(parts: Sequence[Part], translate: Translate, link: Link) -> list[Markup]:
    names = {translate(label): label for label in (*_PLAIN, *_COLUMNS)}
    at_once = [_said(part) for part in parts if not part.label]
    columns = [_figure(part) for part in parts if names.get(part.label) in _COLUMNS]
    rest = [part for part in parts if part.label and names.get(part.label) not in _COLUMNS]
    rows = [elements([tag("dt", part.label), tag("dd", _advice(part, names, link))]) for part in rest]
    return [*at_once, *columns, *([tag("dl", *rows, cls="sw-advice")] if rows else [])]


def _said(part: Part) -> Markup:
    if part.lines[0].startswith("assert "):
        return tag("pre", tag("code", unwrapped(part.lines)), cls="sw-assertion", tabindex=0)
    return tag("p", *_with_code(unwrapped(part.lines)), cls="sw-said")


def _figure(part: Part) -> Markup:
    label = tag("figcaption", part.label, cls="sw-label-of")
    text = _TORN.sub(" ", "\n".join(part.lines)) if _LOGGED.match(part.lines[0]) else "\n".join(part.lines)
    return tag("figure", label, _columns(text), cls="sw-wire")


def _advice(part: Part, names: Mapping[str, str], link: Link) -> Markup:
    text = unwrapped(part.lines)
    if names.get(part.label) in _PLAIN:
        return tag("code", text, cls="sw-command")
    return elements([*_linked(text, link)])


def _linked(text: str, link: Link) -> list[Child]:
    """Lead from where to read on to there."""
    pieces: list[Child] = []
    end = 0
    for found in _READ.finditer(text):
        pieces += [*_with_code(text[end : found.start()]), tag("a", found[0], href=link(*found.groups()))]
        end = found.end()
    return [*pieces, *_with_code(text[end:])]


def _with_code(text: str) -> list[Child]:
    """Put what stands between backticks into <code>."""
    return [tag("code", part) if number % 2 else part for number, part in enumerate(text.split("`"))]


# Everything else


def _reply(text: str, translate: Translate) -> Markup:
    """Return the reply to a request: its status in its colour, its body, and the wire below."""
    first, *lines = text.split("\n")
    tone = {"4": "odd", "5": "bad"}.get(first[0], "good")
    gap = len(lines) - lines[::-1].index("") - 1 if "" in lines else len(lines)
    body, wire = lines[:gap], lines[gap + 1 :]
    status = tag("p", _bare(re.sub(r" {3,}", " · ", first)), cls=f"sw-status sw-status-{tone}")
    return elements([status, _columns("\n".join(body)) if body else None, *_wire(wire, translate("on the wire"))])


def _wire(lines: Sequence[str], label: str) -> list[Markup]:
    """Put the label above what stood beside it."""
    if not lines or not lines[0].startswith(label):
        return [_columns("\n".join(lines))] if lines else []
    margin = len(lines[0]) - len(lines[0].removeprefix(label).lstrip())
    return [_figure(Part(label, [line[margin:] for line in lines]))]


def _bare(line: str) -> str:
    """Leave out what is nothing but a mask: how long it took, which seed."""
    return " · ".join(part for part in line.split(" · ") if not part.startswith("…"))


def _columns(text: str) -> Markup:
    """Return lines that must not be broken: they scroll in their frame, by keyboard as well."""
    return tag("pre", tag("code", text), cls="sw-log sw-columns", tabindex=0)
