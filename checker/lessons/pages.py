"""A lesson as a page of the site: the notebook's text and code, and what the run of it put out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checker.course import Course, Lab
from checker.errors import N_, EngineFault
from checker.language import translator
from checker.lessons.build import notebook_file
from checker.lessons.dialect import adapted, headings, joined
from checker.lessons.maps import picture
from checker.lessons.printed import Link, output_html

__all__ = ["WORDS", "lesson_page", "lessons_of", "link_from", "output_of", "promises"]

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"minutes": "{minutes} minutes", "checks": "{checks} checks", "map": "After lab {number}"},
    "zh": {"minutes": "{minutes} 分钟", "checks": "{checks} 项检查", "map": "lab {number} 之后"},
}
"""What the pages say of their own."""

_DRAWS = ("seamwork map", "%coupling")


def lessons_of(course: Course) -> list[Lab]:
    """Return the labs that have a lesson: those with a guide."""
    return [lab for lab in course.labs if lab.guide("en").is_file()]


def lesson_page(course: Course, lab: Lab, language: str) -> str:
    """Return the lesson as Markdown. Raises EngineFault where its notebook is not there."""
    book, english = _book(course, lab, language), _book(course, lab, "en")
    ids = iter(
        [name for cell in english["cells"] if cell["cell_type"] == "markdown" for name in headings(_source(cell))]
    )
    parts = [part for cell in book["cells"] for part in _cell(course, lab, language, cell, ids)]
    title, *rest = parts
    page = "\n\n".join([title, _facts(lab, language), *rest]) + "\n"
    return joined(page) if language == "zh" else page


def output_of(course: Course, lab: Lab, state: str, language: str, where: str) -> str:
    """Return what the lesson's first `%check` on a state put out, as HTML for the page at the address ``where``.

    Raises EngineFault when there is none.
    """
    for cell in _book(course, lab, language)["cells"]:
        if cell["metadata"].get("state") == state and "%check" in _source(cell):
            link = link_from(course, language, where)
            return output_html(cell["outputs"], language, translator(language), link)
    raise EngineFault(
        N_("{lab} has no cell that checks the state {state!r}."),
        N_("Mend the mark in site/{language}."),
        lab=lab.name,
        state=state,
        language=language,
    )


def promises(course: Course, lab: Lab, language: str) -> str:
    """Return what one can do after a lesson: the list in its second section."""
    texts = [_source(cell) for cell in _book(course, lab, language)["cells"] if cell["cell_type"] == "markdown"]
    second = [text for text in texts if text.startswith("## ")][1]
    return "\n".join(line for line in second.split("\n") if line.startswith("* "))


def link_from(course: Course, language: str, where: str) -> Link:
    """Return how a page at this address ("lessons/01-boundaries/") leads to where to read on."""
    up = "../" * where.count("/")

    def link(lesson: str, heading: str) -> str:
        named = course.lab(lesson).headings[language].items()
        anchors = [anchor for anchor, each in named if "".join(each.split()) == "".join(heading.split())]
        return f"{up}lessons/{lesson}/" + (f"#{anchors[0]}" if anchors else "")

    return link


def _facts(lab: Lab, language: str) -> str:
    words = WORDS[language]
    told = [words["minutes"].format(minutes=lab.minutes), words["checks"].format(checks=len(lab.checks))]
    return " · ".join([*told, f"`seamwork check {lab.number}`"]) + "\n{ .sw-facts }"


def _cell(course: Course, lab: Lab, language: str, cell: Mapping[str, Any], ids: Iterator[str]) -> Iterator[str]:
    source = _source(cell)
    if cell["cell_type"] == "markdown":
        yield adapted(source, [next(ids) for _ in headings(source)])
        return
    yield f"``` {{ {_classes(source)} .sw-in }}\n{source}\n```"
    link = link_from(course, language, f"lessons/{lab.name}/")
    if shown := output_html(cell["outputs"], language, translator(language), link):
        yield shown
    if any(draws in source for draws in _DRAWS):
        yield from _maps(course, lab, language)


def _maps(course: Course, lab: Lab, language: str) -> Iterator[str]:
    """Show the picture, and for comparison the one of the lab before."""
    named = [
        (each.number, picture(course, each, language, translator(language)))
        for each in (lab, course.before(lab))
        if each
    ]
    drawn = [(number, html) for number, html in named if html]
    if len(drawn) == 1:
        yield drawn[0][1]
        return
    for place, (number, html) in enumerate(drawn):
        yield f'==={"" if place else "!"} "{WORDS[language]["map"].format(number=number)}"\n\n    {html}'


def _classes(source: str) -> str:
    """Return by which rules a cell is shown: files are Python, what is typed is text, and its lines are broken."""
    first = source.lstrip().partition("\n")[0]
    return ".text .sw-typed" if first.startswith(("%", "!")) and not first.endswith(".py") else ".python"


def _book(course: Course, lab: Lab, language: str) -> dict[str, Any]:
    file = notebook_file(course, lab, language)
    if not file.is_file():
        raise EngineFault(
            N_("{file} is not there."), N_("Run: make lessons"), file=file.relative_to(course.root).as_posix()
        )
    book: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return book


def _source(cell: Mapping[str, Any]) -> str:
    source: str | Sequence[str] = cell["source"]
    return source if isinstance(source, str) else "".join(source)
