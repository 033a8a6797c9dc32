"""The site as it is built: both languages, every lesson, every anchor, nothing fetched from anybody."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright
from site_world import HOMES, ROOT, Page, build, pages

from checker.cli.main import COMMANDS
from checker.course import Course, root

pytestmark = pytest.mark.needs("site")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
BROKEN_NAMES = """[...document.querySelectorAll("article td code")]
    .filter(code => code.matches(".sw-name") || /^\\w+$/.test(code.textContent))
    .filter(code => code.getClientRects().length > 1)
    .map(code => code.textContent)"""
FOCUSED = """(() => {
    const at = document.activeElement;
    const seen = at.matches(".md-option") ? at.form.querySelector("label:not([hidden])") : at;
    const name = at.getAttribute("aria-label") || at.textContent.trim();
    return [name, getComputedStyle(seen).outlineStyle === "solid"];
})()"""
LABS = [lab for lab in Course(root()).labs if lab.guide("en").is_file()]
each_language = pytest.mark.parametrize("language", HOMES)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both languages strictly, once."""
    return build(tmp_path_factory.mktemp("build"))


@pytest.fixture
def english(site: Path) -> dict[str, Page]:
    """Return the English pages."""
    return pages(site, "en")


@pytest.fixture
def chinese(site: Path) -> dict[str, Page]:
    """Return the Chinese pages."""
    return pages(site, "zh")


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Serve the site on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@each_language
def test_pages_are_those_written_and_the_lessons(site: Path, language: str) -> None:
    """Nothing is lost on the way: a page for each file, and one for each lesson."""
    written = len(list((ROOT / "site" / language).rglob("*.md")))

    assert len(pages(site, language)) == written + len(LABS)


def test_languages_have_the_same_pages(english: dict[str, Page], chinese: dict[str, Page]) -> None:
    """What can be read in English can be read in Chinese."""
    assert english.keys() == chinese.keys()


def test_headings_answer_to_the_same_names(english: dict[str, Page], chinese: dict[str, Page]) -> None:
    """A link into a page leads to the same section in the other language."""
    differing = {where for where, page in english.items() if page.heads != chinese[where].heads}

    assert differing == set()


def test_switch_leads_to_the_same_page(english: dict[str, Page], chinese: dict[str, Page]) -> None:
    """Whoever changes the language stays where they are, there and back."""
    there = [where for where, page in english.items() if page.target(page.twin) != chinese[where].file.resolve()]
    back = [where for where, page in chinese.items() if page.target(page.twin) != english[where].file.resolve()]

    assert (there, back) == ([], [])


@each_language
def test_anchors_that_checks_name_are_there(site: Path, language: str) -> None:
    """Where a failed check says to read on, there is something to read."""
    lessons = pages(site, language)
    named = {(lab.name, check.read) for lab in LABS for check in lab.checks.values() if check.read}

    assert {(lab, read) for lab, read in named if read not in lessons[f"lessons/{lab}"].ids} == set()


@each_language
def test_links_lead_somewhere(site: Path, language: str) -> None:
    """Every link within the site has a page at its end, and the anchor in it."""
    dead = [
        (where, link)
        for where, page in pages(site, language).items()
        for link in page.links
        if not re.match(r"\w+:", link) and not _arrives(page, link)
    ]

    assert dead == []


def _arrives(page: Page, link: str) -> bool:
    file, anchor = page.target(link), link.partition("#")[2]
    return file.is_file() and (not anchor or anchor.startswith("__") or anchor in Page(file).ids)


@each_language
def test_all_that_is_fetched_is_here(site: Path, language: str) -> None:
    """Scripts, styles, pictures: a page brings them along, and asks nobody else."""
    missing = {
        (where, address)
        for where, page in pages(site, language).items()
        for address in page.fetched
        if not page.target(address).is_file()
    }

    assert missing == set()


def test_styles_fetch_nothing(site: Path) -> None:
    """No style sheet asks for a font or a picture of somebody else's."""
    outside = [
        file.name
        for file in site.rglob("*.css")
        if re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", file.read_text())
    ]

    assert outside == []


@each_language
def test_every_command_is_in_the_reference(site: Path, language: str) -> None:
    """What can be typed can be looked up, under its name."""
    assert set(COMMANDS) - pages(site, language)["cli"].ids == set()


@each_language
def test_no_page_is_a_notebook_in_the_raw(site: Path, language: str) -> None:
    """Lessons are pages, not JSON; and no mark is left that should have been filled in."""
    found = {
        where for where, page in pages(site, language).items() if re.search(r'"cell_type"|seamwork: \w', page.text)
    }

    assert found == set()


@each_language
def test_lessons_show_what_they_put_out(site: Path, language: str) -> None:
    """Each lesson has the verdict of a run, and the picture of the coupling."""
    lessons = [page.text for where, page in pages(site, language).items() if re.fullmatch(r"lessons/\d.*", where)]

    assert all("sw-check sw-" in text for text in lessons)
    assert all("sw-map" in text for text in lessons)


def test_chinese_is_searched_by_words(site: Path) -> None:
    """The index knows where one Chinese word ends and the next begins, and the browser is told how to see it."""
    index = json.loads((site / "zh/search/search_index.json").read_text("utf-8"))

    assert re.search("订单\u200b", json.dumps(index["docs"], ensure_ascii=False))
    assert re.search(index["config"]["separator"], "\u200b")


@contextmanager
def opened(width: int, colours: Literal["light", "dark"] = "light") -> Iterator[Tab]:
    """Start a browser with one tab, so wide."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
        yield browser.new_page(viewport={"width": width, "height": 844}, color_scheme=colours)
        browser.close()


@pytest.mark.needs("chromium")
@each_language
def test_a_phone_reads_a_lesson(address: str, language: str) -> None:
    """Nothing sticks out at the side, the diagram is drawn, and all that is fetched comes from the site."""
    outside: list[str] = []
    with opened(390) as page:
        page.on("request", lambda request: outside.append(request.url) if not request.url.startswith(address) else None)
        page.goto(f"{address}{HOMES[language]}lessons/01-boundaries/")
        page.wait_for_selector("div.mermaid")
        wide = page.evaluate("document.documentElement.scrollWidth")

    assert wide == 390
    assert outside == []


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("where", ["contract", "cli"])
def test_a_phone_breaks_no_name_in_a_table(address: str, where: str) -> None:
    """A word stands on one line, and so does an option with its value: `shop` is never `sho` and `p`."""
    with opened(390) as page:
        page.goto(f"{address}{where}/")
        broken = page.evaluate(BROKEN_NAMES)

    assert broken == []


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_keyboard_is_seen_where_it_is(address: str, colours: Literal["light", "dark"]) -> None:
    """The first stop leads past the menu; then come home, colours, language and search, and each of them is marked."""
    with opened(1280, colours) as page:
        page.goto(f"{address}start/")
        page.wait_for_selector("label.md-header__button:visible")
        stops = [stop(page) for _ in range(4)]

    assert stops == [["Skip to content", True], ["Seamwork", True], ["Switch to dark colours", True], ["中文", True]]


@pytest.mark.needs("chromium")
def test_the_menu_of_a_phone_is_open_or_out_of_reach(address: str) -> None:
    """Shut, no link of the menu has the focus out of sight; Enter on its button opens it."""
    with opened(390) as page:
        page.goto(f"{address}start/")
        page.wait_for_selector("label.md-header__button:visible")
        link = page.locator(".md-sidebar--primary").get_by_role("link", name="Commands")
        shut = link.is_visible()
        _, button = stop(page), stop(page)
        page.keyboard.press("Enter")
        link.wait_for(state="visible")

    assert (shut, button) == (False, ["Navigation", True])


def stop(page: Tab) -> list[object]:
    """Press Tab; what has the focus then is called so, and is marked or not."""
    page.keyboard.press("Tab")
    named: list[object] = page.evaluate(FOCUSED)
    return named
