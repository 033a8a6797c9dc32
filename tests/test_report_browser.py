"""The web page in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from checker.report import render_html
from checker.report.sample import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs("chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking --disable-sync"
)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium, for one test: what it started must be gone afterwards."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Open the sample's report on a phone; what the browser complains of and asks for is noted on the page."""
    (tmp_path / "report.html").write_text(render_html(sample()), "utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="light")
    page = context.new_page()
    page.noted = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.noted.append(message.text))  # type: ignore[attr-defined]
    page.on("request", lambda request: page.noted.append(request.url))  # type: ignore[attr-defined]
    page.goto((tmp_path / "report.html").as_uri())
    yield page
    context.close()


def test_phone_gets_one_request_and_no_sideways_scrolling(page: Page) -> None:
    """The page asks for itself alone, and is as wide as the screen; a wide diagram scrolls in its frame."""
    assert page.noted == [page.url]  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_dark_readers_get_a_dark_page(page: Page) -> None:
    """The colours follow what the reader's system prefers."""
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")

    assert (light, page.evaluate(ground)) == ("rgb(247, 246, 243)", "rgb(21, 24, 29)")


def test_keyboard_reaches_the_checks_first(page: Page) -> None:
    """The first Tab is the skip link, and it leads to the checks."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "checks"


def test_paper_shows_what_is_folded(page: Page) -> None:
    """Nobody can unfold a sheet of paper: in print every table can be read, on white."""
    page.emulate_media(media="print", color_scheme="dark")

    assert page.locator("#check-1 .sw-table").bounding_box() is not None
    assert page.locator("#check-1 .sw-table").bounding_box()["height"] > 40  # type: ignore[index]
