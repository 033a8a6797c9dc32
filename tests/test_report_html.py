"""The web page and the piece for notebooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import checker.report
from checker.ledger import Exchange
from checker.outcome import CheckResult, Outcome
from checker.report import render_fragment, render_html
from checker.report.page import POLICY
from checker.report.sample import sample

AA = 4.5


def page(lang: str = "en") -> ET.Element:
    """Return the sample's page as a tree."""
    return ET.fromstring(render_html(sample(), lang=lang).removeprefix("<!doctype html>\n"))  # noqa: S314  (our own output)


def fragment() -> ET.Element:
    """Return the sample's piece for a notebook as a tree."""
    return ET.fromstring(render_fragment(sample()))  # noqa: S314  (our own output)


def words(element: ET.Element) -> str:
    """Return the text of an element."""
    return " ".join("".join(element.itertext()).split())


def of_class(tree: ET.Element, name: str) -> list[ET.Element]:
    """Return the elements that have a class."""
    return [element for element in tree.iter() if name in element.get("class", "").split()]


def test_page_allows_itself_nothing() -> None:
    """The policy forbids scripts and every request, and stands before anything it could apply to."""
    first = list(page().iter("meta"))[:2]

    assert [meta.get("http-equiv") for meta in first] == [None, "Content-Security-Policy"]
    assert first[1].get("content") == POLICY
    assert POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_style_asks_for_nothing() -> None:
    """No style sheet names an address or another sheet."""
    assert not re.search(r"url\(|@import|https?:", render_html(sample()))


@pytest.mark.parametrize("told", [page, fragment])
def test_where_to_read_on_is_a_place_of_the_workspace(told: Callable[[], ET.Element]) -> None:
    """The page and the notebook name the notebook and its heading; labs/ is nowhere to be found."""
    shown = words(told())

    assert 'notebooks/03-calls.ipynb, "A budget, not a timeout"' in shown
    assert "labs/" not in shown


def test_page_says_its_language() -> None:
    """A screen reader knows how to pronounce it."""
    assert page("zh").get("lang") == "zh-Hans"


def test_page_has_its_landmarks() -> None:
    """Header, navigation, main and footer are there, once each, and the skip link leads to main."""
    tree = page()

    assert Counter(e.tag for e in tree.iter() if e.tag in {"header", "nav", "main", "footer", "h1"}) == dict.fromkeys(
        ("header", "nav", "main", "footer", "h1"), 1
    )
    assert of_class(tree, "sw-skip")[0].get("href") == "#" + next(tree.iter("main")).get("id", "")


def test_outcome_is_a_word_and_a_shape() -> None:
    """Nobody needs to tell red from green."""
    shapes = {
        words(of_class(c, "sw-badge")[0]): of_class(c, "sw-stroke")[0].get("d") for c in of_class(page(), "sw-check")
    }

    assert set(shapes) == {"passed", "failed", "blocked", "broken"}
    assert len(set(shapes.values())) == 4


def test_only_what_passed_is_folded() -> None:
    """What needs attention is open."""
    folded = {words(of_class(c, "sw-badge")[0]) for c in of_class(page(), "sw-check") if c.get("open") is None}

    assert folded == {"passed"}


def test_each_link_of_the_strip_leads_somewhere() -> None:
    """The overview links to every check that there is."""
    links = [a.get("href", "").removeprefix("#") for a in of_class(page(), "sw-strip")[0].iter("a")]

    assert links == [check.get("id") for check in of_class(page(), "sw-check")]


def test_diagram_has_words_and_a_table() -> None:
    """Who cannot see the diagram has its title, its description, and every exchange in a table."""
    failed = of_class(page(), "sw-failed")[-2]
    rows = [words(row) for row in failed.iter("tr")]

    assert [words(e) for e in of_class(failed, "sw-sequence")[0][:2]] == [
        "Messages between you, orders, users",
        "3 messages, from top to bottom; the table below says the same.",
    ]
    assert "GET /users/7" in rows[2]
    assert "hangs (by us)" in rows[2]


def test_script_in_a_body_is_shown_as_text() -> None:
    """What the learner's system sent can be read, and does nothing."""
    wire = [Exchange("you", "orders", "GET /<script>", 0.0, 200, 0.1, received="<script>alert(1)</script>")]
    check = CheckResult("test_x", "01-a", {"en": "<b>It</b> works."}, Outcome.FAILED, wire=wire)
    shown = render_html(replace(sample(), checks=[check]))

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script" not in shown


def test_very_long_wire_is_cut_in_the_table() -> None:
    """A load of calls does not make a page of a hundred megabytes."""
    wire = [Exchange("you", "orders", "GET /", n / 1000, 200, 0.001) for n in range(5_000)]
    shown = render_html(replace(sample(), checks=[CheckResult("test_x", "01-a", {}, Outcome.FAILED, wire=wire)]))

    assert "… 4800 more in results.json" in shown
    assert len(shown) < 300_000


def test_broken_check_has_its_details() -> None:
    """Where it happened in the checker is kept for whoever mends it."""
    assert "Traceback (most recent call last)" in words(of_class(page(), "sw-broken")[-1])


def test_fragment_has_no_ids() -> None:
    """Two outputs in one notebook cannot clash."""
    assert [element for element in fragment().iter() if element.get("id")] == []


def test_fragment_brings_no_headings() -> None:
    """A notebook's table of contents stays its own."""
    assert [e.tag for e in fragment().iter() if re.fullmatch(r"h[1-6]|header|main|nav|footer|body", e.tag)] == []


def test_fragment_styles_itself_only() -> None:
    """No rule reaches what is around it."""
    sheet = re.sub(
        r"/\*.*?\*/", "", (Path(checker.report.__path__[0]) / "pieces.css").read_text("utf-8"), flags=re.DOTALL
    )
    selectors = [part.strip() for rule in re.findall(r"([^{}@]+)\{", sheet) for part in rule.split(",")]
    wild = [s for s in selectors if ".sw" not in s and not s.startswith(("media", "(")) and s]

    assert wild == []


@pytest.mark.parametrize("sheet", ["pieces", "page"])
def test_every_colour_can_be_read(sheet: str) -> None:
    """Each text colour on each ground has the contrast that WCAG 2 asks for (AA, 4.5 to 1), light and dark."""
    grounds, inks = ("bg", "card", "sunk"), ("fg", "dim", "passed", "failed", "blocked", "broken", "fault", "link")
    pairs = [
        *product(inks, grounds),
        ("failed", "failed-bg"),
        ("dim", "failed-bg"),
        ("on", "passed"),
        ("on", "blocked"),
    ]
    poor = [(ink, on) for theme in themes(sheet) for ink, on in pairs if contrast(theme[ink], theme[on]) < AA]

    assert poor == []


def themes(sheet: str) -> list[dict[str, str]]:
    """Return the colour tables of a style sheet."""
    css = (Path(checker.report.__path__[0]) / f"{sheet}.css").read_text("utf-8")
    tables = [dict(re.findall(r"--sw-([a-z-]+): (#[0-9a-f]{6})", rule)) for rule in re.findall(r"\{([^{}]*)\}", css)]
    return [table for table in tables if "bg" in table]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2, relative luminance)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
