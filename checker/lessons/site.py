"""The site's pages, laid out for mkdocs: the hand-written ones with their marks filled in, and the lessons beside them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from checker.course import Course, Lab
from checker.errors import N_, EngineFault
from checker.lessons.contract import events, operations, services
from checker.lessons.dialect import joined
from checker.lessons.pages import WORDS, lesson_page, lessons_of, output_of, promises

__all__ = ["CONFIGS", "Fill", "lay_out_site"]

CONFIGS = {"en": "mkdocs.yml", "zh": "mkdocs.zh.yml"}
"""The configuration of each language, at the top of the repository."""

Fill = Callable[[list[str], str], str]
"""From the words of a mark, and a language, to the Markdown that stands in its place."""

_LESSONS = "lessons/index.md"
_MARK = re.compile(r"^<!-- seamwork: (?P<name>\w+)(?P<words>[^>]*?) -->$", re.MULTILINE)
_SHEETS = ("report/pieces.css", "coupling/map.css")
"""Styles of the pieces that lessons show, as reports and notebooks have them."""


def lay_out_site(course: Course, folder: Path, fills: Mapping[str, Fill]) -> list[Path]:
    """Write into ``folder`` the pages of both languages, and a configuration for each; the configurations, English first.

    What mkdocs makes of them goes into the folder's ``site``. ``fills`` are marks that the caller fills in. Raises
    EngineFault where a mark is known to nobody or the languages have other pages, and as ``lesson_page`` does.
    """
    _hold_twins(course.root / "site")
    shutil.rmtree(folder / "pages", ignore_errors=True)
    return [_lay_out(course, folder, language, fills) for language in CONFIGS]


def _hold_twins(site: Path) -> None:
    pages = {
        language: {page.relative_to(site / language) for page in (site / language).rglob("*.md")}
        for language in CONFIGS
    }
    for page in sorted(pages["en"] ^ pages["zh"]):
        raise EngineFault(
            N_("site/{missing} has no {page}."),
            N_("Write it: both languages have the same pages."),
            missing="zh" if page in pages["en"] else "en",
            page=page.as_posix(),
        )


def _lay_out(course: Course, folder: Path, language: str, fills: Mapping[str, Fill]) -> Path:
    site, docs = course.root / "site", folder / "pages" / language
    shutil.copytree(site / language, docs)
    shutil.copytree(site / "assets", docs / "assets")
    (docs / "assets" / "pieces.css").write_text(_styles(), "utf-8")
    for page in docs.rglob("*.md"):
        text = _filled(course, page.relative_to(docs).as_posix(), page.read_text("utf-8"), language, fills)
        page.write_text(joined(text) if language == "zh" else text, "utf-8")
    for lab in lessons_of(course):
        (docs / "lessons" / f"{lab.name}.md").write_text(lesson_page(course, lab, language), "utf-8")
    return _configured(course, folder, language)


def _styles() -> str:
    package = Path(__file__).resolve().parents[1]
    return "\n".join((package / sheet).read_text("utf-8") for sheet in _SHEETS)


# Marks: <!-- seamwork: output 01 wrong/discount-by-the-caller -->


def _filled(course: Course, page: str, text: str, language: str, others: Mapping[str, Fill]) -> str:
    fills = {**_fills(course, page), **others}

    def fill(mark: re.Match[str]) -> str:
        if mark["name"] not in fills:
            raise EngineFault(
                N_("site/{language}/{page} has the mark {mark!r}, which nobody fills in."),
                N_("There are: {known}."),
                language=language,
                page=page,
                mark=mark["name"],
                known=", ".join(sorted(fills)),
            )
        return fills[mark["name"]](mark["words"].split(), language)

    return _MARK.sub(fill, text)


def _fills(course: Course, page: str) -> dict[str, Fill]:
    labs = lessons_of(course)
    where = page.removesuffix("index.md").removesuffix(".md") + ("" if page.endswith("index.md") else "/")
    return {
        "lessons": partial(_lessons, course, labs, "" if page == _LESSONS else "lessons/"),
        "operations": lambda _, language: operations(course, labs, language),
        "events": lambda _, language: events(course, language),
        "services": lambda _, language: services(course, labs, language),
        "output": lambda words, language: output_of(course, course.lab(words[0]), words[1], language, where),
    }


def _lessons(course: Course, labs: Sequence[Lab], folder: str, words: Sequence[str], language: str) -> str:
    """List the lessons; "promises": with what one can do afterwards."""
    told = []
    for lab in labs:
        minutes = WORDS[language]["minutes"].format(minutes=lab.minutes)
        told.append(f"**[{lab.number} · {lab.title[language]}]({folder}{lab.name}.md)** · {minutes}")
        told += [promises(course, lab, language)] if "promises" in words else []
    return "\n\n".join(told)


# The configuration: the repository's, with the lessons in the menu


def _configured(course: Course, folder: Path, language: str) -> Path:
    import yaml  # noqa: PLC0415  (for authors only)

    top = os.path.relpath(course.root, folder)
    base = yaml.load((course.root / CONFIGS[language]).read_text("utf-8"), Loader=_lenient())  # noqa: S506
    settings: dict[str, Any] = {
        "INHERIT": f"{top}/{CONFIGS[language]}",
        "docs_dir": f"pages/{language}",
        "site_dir": "site" if language == "en" else f"site/{language}",
        "theme": {"custom_dir": f"{top}/site/theme"},
        "nav": _menu(course, base["nav"]),
    }
    file = folder / CONFIGS[language]
    file.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), "utf-8")
    return file


def _menu(course: Course, nav: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put the lessons below the page that leads to them."""
    lessons = [_LESSONS, *(f"lessons/{lab.name}.md" for lab in lessons_of(course))]
    return [{name: lessons if page == _LESSONS else page for name, page in entry.items()} for entry in nav]


def _lenient() -> type:
    """Return a loader that passes over what only mkdocs can read, such as names of Python functions."""
    import yaml  # noqa: PLC0415

    class Lenient(yaml.SafeLoader):
        pass

    Lenient.add_multi_constructor("", lambda *_: None)
    return Lenient
