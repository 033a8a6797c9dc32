"""The anatomy of a lesson: nine sections, in order, of the same shape in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from checker.errors import N_, EngineFault, SeamworkError

__all__ = ["SECTIONS", "Section", "anatomy", "anchors", "sections", "twins"]

SECTIONS = (
    ("What goes wrong", "出了什么问题"),
    ("By the end", "学完之后"),
    ("See it break", "亲眼看它坏掉"),
    ("The idea", "思路"),
    ("Your turn", "动手"),
    ("Prove it", "验证"),
    ("What you gained, what you paid", "得到了什么，付出了什么"),
    ("Check yourself", "自我检查"),
    ("Further", "延伸阅读"),
)
"""The sections' names, in English and in Chinese. A heading may go on after one: "Your turn · 2 of 4: one budget"."""

_FENCE = re.compile(r"\s*(?P<fence>`{3,}|~{3,}|:{3,})\s*(?P<info>\S*)")
_HEADING = re.compile(r"(?P<level>#{1,6})\s+(?P<title>.+?)\s*#*\s*$")
_TARGET = re.compile(
    r"\((?P<name>[\w-]+)\)=\s*$|.*\{\s*#(?P<attr>[\w-]+)\s*\}\s*$|.*<a (?:id|name)=\"(?P<html>[\w-]+)\""
)
_NUMBERED = re.compile(r"^\d+\W+")


@dataclass
class Section:
    """What a section is made of: headings by level below it, its blocks by kind ("{code-cell}"), anchors before and in it."""

    title: str
    headings: list[int] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


def sections(text: str) -> list[Section]:
    """Cut a guide at its second-level headings; what comes before the first is a section named ""."""
    found = [Section("")]
    fence = ""
    waiting: list[str] = []
    for line in _body(text):
        block = _FENCE.match(line)
        if fence:
            fence = "" if block and not block["info"] and block["fence"].startswith(fence) else fence
        elif block:
            fence = block["fence"]
            found[-1].blocks.append(block["info"])
        elif target := _TARGET.match(line):
            waiting.append(next(filter(None, target.groups())))
        if not fence and not block and (heading := _HEADING.match(line)):
            _open(found, heading)
        if waiting and not fence and not re.match(r"\(", line) and line.strip():
            found[-1].anchors += waiting
            waiting.clear()
    found[-1].anchors += waiting
    return found


def anchors(text: str) -> set[str]:
    """Return what can be read on at: a guide's anchors."""
    return {anchor for section in sections(text) for anchor in section.anchors}


def anatomy(file: str, text: str, language: int = 0) -> Iterator[SeamworkError]:
    """Say which of the nine sections are missing, out of order, or none of the nine. ``language``: 0 English, 1 Chinese."""
    titles = [section.title for section in sections(text)[1:]]
    places = [_place(title, language) for title in titles]
    for title in (title for title, place in zip(titles, places, strict=True) if place is None):
        yield EngineFault(
            N_("{file}: {title!r} is none of a lesson's nine sections."),
            N_("Make it a third-level heading. The nine are: {known}."),
            file=file,
            title=title,
            known=", ".join(names[language] for names in SECTIONS),
        )
    order = [place for place, _ in groupby(place for place in places if place is not None)]
    for missing in sorted(set(range(len(SECTIONS))) - set(order)):
        name = SECTIONS[missing][language]
        yield EngineFault(
            N_("{file} lacks the section {name!r}, the {number}. of nine."),
            N_("Write it."),
            file=file,
            name=name,
            number=missing + 1,
        )
    if order != sorted(order) or len(order) != len(set(order)):
        yield EngineFault(
            N_("{file} has its sections in another order: {found}."),
            N_("Bring them into this one: {known}."),
            file=file,
            found=", ".join(SECTIONS[place][language] for place in order),
            known=", ".join(names[language] for names in SECTIONS),
        )


def twins(file: str, text: str, twin: str, other: str) -> Iterator[SeamworkError]:
    """Say where the guide ``text`` in ``file`` has another shape than its English twin ``other`` in the file ``twin``."""
    mine, theirs = sections(text), sections(other)
    for number, (one, two) in enumerate(zip(mine, theirs, strict=False)):
        for what, found, wanted in _shapes(one, two):
            if found != wanted:
                yield EngineFault(
                    N_("{file}: section {number} ({title}) has other {what} than {twin}: {found}, there {wanted}."),
                    N_("Bring the two languages together."),
                    file=file,
                    number=number,
                    title=one.title or "the top",
                    what=what,
                    twin=twin,
                    found=found,
                    wanted=wanted,
                )
    if len(mine) != len(theirs):
        yield EngineFault(
            N_("{file} has {found} sections, {twin} {wanted}."),
            N_("Bring the two languages together."),
            file=file,
            twin=twin,
            found=len(mine) - 1,
            wanted=len(theirs) - 1,
        )


def _shapes(one: Section, two: Section) -> Iterator[tuple[str, str, str]]:
    yield N_("headings"), _said([f"h{level}" for level in one.headings]), _said([f"h{level}" for level in two.headings])
    yield N_("code blocks"), _said(one.blocks), _said(two.blocks)
    yield N_("anchors"), _said(one.anchors), _said(two.anchors)


def _said(things: list[str]) -> str:
    return " ".join(thing or "(plain)" for thing in things) or "none"


def _body(text: str) -> list[str]:
    """Leave the front matter out."""
    lines = text.splitlines()
    if lines and lines[0].strip() == "---" and "---" in lines[1:]:
        return lines[lines.index("---", 1) + 1 :]
    return lines


def _open(found: list[Section], heading: re.Match[str]) -> None:
    level = len(heading["level"])
    if level == 2:  # noqa: PLR2004  (a section)
        found.append(Section(re.sub(r"\s*\{[^}]*\}$", "", heading["title"])))
    else:
        found[-1].headings.append(level)


def _place(title: str, language: int) -> int | None:
    bare = _NUMBERED.sub("", title).casefold()
    return next((number for number, names in enumerate(SECTIONS) if bare.startswith(names[language].casefold())), None)
