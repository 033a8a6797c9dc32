"""The site as it is built: both languages, every lesson, every anchor, nothing fetched from anybody."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from checker.cli.main import COMMANDS
from checker.course import Course, root

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[1]
HOME = {"en": "", "zh": "zh/"}
FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src")}
NOT_FETCHED = {"canonical", "alternate", "edit", "next", "prev", "license"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both languages, built strictly into a folder of this test's own."""
    pages = tmp_path_factory.mktemp("built") / "pages"
    laid = subprocess.run([BIN / "seamwork", "pages", pages], cwd=ROOT, capture_output=True, text=True, check=True)
    for config in laid.stdout.split():
        done = subprocess.run(
            [BIN / "mkdocs", "build", "--quiet", "--strict", "--config-file", config],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return pages.parent / "site"


class Page(HTMLParser):
    """The ids of a page, and what a browser would fetch for it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.fetched: list[str] = []
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note."""
        found = {name: value or "" for name, value in attrs}
        self.ids.add(found.get("id", ""))
        if not NOT_FETCHED & set(found.get("rel", "").split()):
            self.fetched += [found[name] for kind, name in FETCHED if kind == tag and name in found]


def pages(site: Path, lang: str) -> set[str]:
    """Name the pages of a language, from its home on."""
    home = site / HOME[lang]
    found = {file.relative_to(home).as_posix() for file in home.rglob("index.html")}
    return {name for name in found if lang != "en" or not name.startswith("zh/")}


def test_languages_have_the_same_pages(site: Path) -> None:
    """What can be read in English can be read in Chinese, each lesson among it."""
    lessons = {f"{lab.name}" for lab in Course(root()).labs}

    assert pages(site, "en") == pages(site, "zh")
    assert {name for name in lessons if any(name in page for page in pages(site, "en"))} == lessons


@pytest.mark.parametrize("lang", HOME)
def test_anchors_that_checks_name_are_there(site: Path, lang: str) -> None:
    """Where a failed check says to read on, there is something to read."""
    missing = []
    for lab in Course(root()).labs:
        page = next(name for name in pages(site, lang) if lab.name in name)
        ids = Page(site / HOME[lang] / page).ids
        missing += [f"{lab.name}#{check.read}" for check in lab.checks.values() if check.read and check.read not in ids]

    assert missing == []


@pytest.mark.parametrize("lang", HOME)
def test_nothing_is_fetched_from_anybody(site: Path, lang: str) -> None:
    """A page brings all that it needs along."""
    outside = {
        (page, address)
        for page in pages(site, lang)
        for address in Page(site / HOME[lang] / page).fetched
        if re.match(r"(https?:)?//", address)
    }

    assert outside == set()


@pytest.mark.parametrize("lang", HOME)
def test_every_command_is_in_the_reference(site: Path, lang: str) -> None:
    """What can be typed can be looked up."""
    said = next(site.joinpath(HOME[lang]).rglob("cli/index.html")).read_text("utf-8")

    assert [name for name in COMMANDS if f"seamwork {name}" not in said] == []


@pytest.mark.parametrize("lang", HOME)
def test_no_page_is_a_notebook_in_the_raw(site: Path, lang: str) -> None:
    """Lessons are pages, not JSON."""
    raw = [page for page in pages(site, lang) if '"cell_type"' in (site / HOME[lang] / page).read_text("utf-8")]

    assert raw == []
