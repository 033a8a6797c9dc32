"""The report of a class and a student's feedback: what they say, and who can read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from exports_world import (
    BEFORE,
    BROKEN,
    DUE,
    FAILED,
    HIDDEN,
    LAB,
    PASSED,
    PRIVATE,
    SUBJECT,
    Case,
    a_judgement,
    a_store,
    a_student,
    an_entry,
    checks_of,
    earlier,
    every_kind,
    graded,
    private_of,
    results_of,
    shown,
)
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, sync_playwright
from test_report_browser import FLAGS
from test_report_html import AA, contrast, of_class, themes, words

import checker.grader.exports
from checker.grader.exports import write_all
from checker.grader.exports.feedback import feedback_page
from checker.grader.exports.markdown import feedback_markdown
from checker.grader.exports.report import class_report
from checker.grader.exports.sentences import explained, late, number
from checker.grader.exports.shown import One
from checker.grader.exports.subject import Subject
from checker.grader.policy import Policy
from checker.grader.store import Store
from checker.outcome import Message, Outcome
from checker.report.page import POLICY
from checker.report.words import Voice

CASES = every_kind()
ENTRIES = [an_entry(case) for case in CASES]
SLUGS = {entry.student.key: entry.student.key for entry in ENTRIES}
FULL, SOME, BEHIND, LATE, EXTENDED, MALFORMED, MISSING, OURS = CASES
CHINESE = Subject(LAB, Voice("zh"), PRIVATE, BEFORE)
SHEET = (Path(checker.grader.exports.__path__[0]) / "class.css").read_text("utf-8")
TINT = 0.12
every_case = pytest.mark.parametrize("case", CASES, ids=[case[0].key for case in CASES])


def tree(page: str) -> ET.Element:
    """Return a page as a tree."""
    return ET.fromstring(page.removeprefix("<!doctype html>\n"))  # noqa: S314  (our own output)


def feedback(case: Case, subject: Subject = SUBJECT) -> ET.Element:
    """Return what a student reads."""
    return tree(feedback_page(shown(case, subject), subject))


def told(case: Case) -> list[str]:
    """Return how the mark came about, in sentences."""
    return [words(each) for each in of_class(feedback(case), "sw-told")]


def report() -> ET.Element:
    """Return the page of the class."""
    return tree(class_report(ENTRIES, SLUGS, SUBJECT))


@pytest.mark.parametrize("page", [report(), feedback(SOME)], ids=["class", "student"])
def test_pages_allow_themselves_nothing(page: ET.Element) -> None:
    """No script, no request: the policy forbids both, and stands before anything it could apply to."""
    first = list(page.iter("meta"))[:2]

    assert [meta.get("content") for meta in first] == [None, POLICY]
    assert [e.tag for e in page.iter() if e.tag in {"script", "link", "img", "iframe"}] == []


def test_sheet_asks_for_nothing() -> None:
    """No address in it, and no other sheet."""
    assert not re.search(r"url\(|@import|https?:", SHEET)


@pytest.mark.parametrize("page", [report(), feedback(BEHIND)], ids=["class", "student"])
def test_pages_have_their_landmarks(page: ET.Element) -> None:
    """One heading above all, one main that the skip link leads to, and no id twice."""
    ids = [element.get("id") for element in page.iter() if element.get("id")]

    assert [len(list(page.iter(name))) for name in ("h1", "main", "header")] == [1, 1, 1]
    assert of_class(page, "sw-skip")[0].get("href") == "#" + next(page.iter("main")).get("id", "")
    assert len(ids) == len(set(ids))


def test_every_link_leads_somewhere(tmp_path: Path) -> None:
    """Names lead to the feedback, numbers to the check."""
    with Store.open(a_store(tmp_path / "grades.db", CASES)) as store:
        folder = write_all(store, LAB, tmp_path / "out", private=PRIVATE, before=BEFORE).folder
    page = tree((folder / "index.html").read_text("utf-8"))
    links = {link.get("href", "") for link in page.iter("a")}
    ids = {f"#{element.get('id')}" for element in page.iter()}

    assert [link for link in links if link not in ids and not (folder / link).is_file()] == []
    assert len([link for link in links if link.startswith("feedback/")]) == len(CASES)


def test_cell_is_a_word_and_a_sign() -> None:
    """Nobody needs to tell red from green: what is seen and what is heard name the outcome."""
    cells = [cell for cell in of_class(report(), "sw-cell") if cell.tag == "td"]

    assert {words(cell) for cell in cells} == {"✓passed", "✗failed", "○blocked"}
    assert {cell[0].get("aria-hidden") for cell in cells} == {"true"}


@pytest.mark.parametrize("sheet", ["pieces", "page"])
@pytest.mark.parametrize("outcome", ["passed", "failed", "blocked", "broken"])
def test_cell_can_be_read(sheet: str, outcome: str) -> None:
    """The sign on its tinted ground has the contrast that WCAG 2 asks for, light and dark."""
    assert f"var(--sw-tint) {TINT * 100:.0f}%, var(--sw-card)" in SHEET
    for theme in themes(sheet):
        assert contrast(theme[outcome], mixed(theme[outcome], theme["card"], TINT)) >= AA


def test_rows_and_columns_say_what_they_are() -> None:
    """A screen reader can tell whose cell it is, and of which check."""
    heat = of_class(report(), "sw-heat")[0]
    heads = [th.get("scope") for th in heat.iter("th")]

    assert len(heat.findall("tbody/tr")) == len(CASES)
    assert (heads.count("row"), heads.count("col"), heads.count("colgroup")) == (8, 2 + 25, 3)


def test_hardest_check_comes_first() -> None:
    """Failed or blocked, whoever did not pass it counts; what is worth nothing comes last, whatever became of it."""
    lost = [
        (name, "failed" if ":" in name and "private" not in name else was, p, w)
        for name, was, p, w in ENTRIES[1].mark.checks
    ]
    entries = [ENTRIES[0], replace(ENTRIES[1], mark=replace(ENTRIES[1].mark, checks=lost)), *ENTRIES[2:]]
    rows = of_class(tree(class_report(entries, SLUGS, SUBJECT)), "sw-hard")[0].findall("tbody/tr")
    unpassed = [5 - int(words(row[-1])) for row in rows]

    assert unpassed[:-1] == sorted(unpassed[:-1], reverse=True)
    assert (words(rows[0][3]), words(rows[-1][3])) == ("3 60 %", "1 20 %")


def test_marks_are_counted_in_tenths() -> None:
    """0 of 33 is in the first, 33 of 33 in the last, and who has no mark in none."""
    counts = [int(words(row[1])) for row in of_class(report(), "sw-bars")[0].findall("tbody/tr")]

    assert counts == [1, 0, 0, 0, 1, 1, 1, 1, 0, 1]


def test_who_has_no_result_is_told_with_the_reason() -> None:
    """What is ours comes first; each with what to do."""
    rows = [[words(cell) for cell in row[:3]] for row in of_class(report(), "sw-without")[0].findall("tbody/tr")]

    assert rows == [
        ["Li Wei (s0007)", "not gradable", "PostgreSQL did not start. Run seamwork doctor."],
        ["Zoë Ångström (s0005)", "malformed", "'../x' leads out of the archive. Hand it in again."],
        ["Ibn Battuta (s0006)", "missing", ""],
    ]


def test_unsafe_runs_are_said_above_all() -> None:
    """An instructor who went without a sandbox is told in the report, and the student in theirs."""
    unsafe = graded(a_student(1), PASSED, sandbox="unsafe")
    page = tree(class_report(ENTRIES, SLUGS, SUBJECT, unsafe=["s0001"]))

    assert "without a sandbox" in words(of_class(page, "sw-warned")[0])
    assert of_class(report(), "sw-warned") == []
    assert "without a sandbox" in " ".join(told(unsafe))


def test_late_policy_is_explained() -> None:
    """When it was due, when it came, what a day costs, and what is left."""
    assert told(LATE) == [
        "It was due on 2026-03-02 22:59 UTC, and handed in on 2026-03-04 00:59 UTC.",
        "Days late, each begun one counted and 15 minutes of grace left out: 2.",
        "Each day costs 10 %, and all together never more than 50 %.",
        "Of 26 points 20 % are taken off: 20.8 are left.",
    ]


@pytest.mark.parametrize("per_day", [0.1, 0.15, 0.29, 0.5])
def test_what_a_day_costs_is_said_to_the_hundredth(per_day: float) -> None:
    """Shares are counted exactly: 3 × 0.15 is 0.45, whatever floats say."""
    student, handin, judgement = graded(a_student(0), PASSED, at=DUE + timedelta(days=2, hours=1))
    entry = an_entry((student, handin, judgement), policy=Policy(deadline=DUE, per_day=per_day))
    sentences = list(late(entry, SUBJECT.voice))

    assert f"Each day costs {number(100 * per_day)} %, and all together never more than 100 %." in sentences


def test_closed_lab_is_explained() -> None:
    """It came too late to count, and no day has a price then."""
    student, handin, judgement = graded(a_student(0), PASSED, at=DUE + timedelta(days=9))
    policy = Policy(deadline=DUE, per_day=0.01, closes=DUE + timedelta(days=7))
    entry = an_entry((student, handin, judgement), policy=policy)

    assert explained(One(entry, "s"), SUBJECT.voice)[0] == "It came after the lab had closed."
    assert list(late(entry, SUBJECT.voice))[-1] == "Of 33 points 100 % are taken off: 0 are left."
    assert "Each day" not in " ".join(late(entry, SUBJECT.voice))


def test_extension_is_explained() -> None:
    """Handed in at the same time, and nothing is taken off."""
    assert told(EXTENDED)[1:] == ["Days that were granted beyond the deadline: 2."]


def test_malformed_says_what_to_do() -> None:
    """What is wrong with it, and the next step."""
    assert "'../x' leads out of the archive. Hand it in again." in told(MALFORMED)
    assert words(of_class(feedback(MALFORMED), "sw-verdict")[0]) == "malformed, 0 of 33 points"


def test_missing_says_what_to_do() -> None:
    """There is no mark, and a way to object."""
    assert told(MISSING) == ["Nothing was handed in. If you did hand something in, tell your instructor when, and how."]


def test_what_is_ours_is_not_put_on_the_student() -> None:
    """No zero, and no word of our machine."""
    assert words(of_class(feedback(OURS), "sw-verdict")[0]) == "not gradable, no mark"
    assert "PostgreSQL" not in feedback_page(shown(OURS), SUBJECT)


def test_failed_check_says_all_that_was_seen() -> None:
    """Claim, outcome, assertion, wire, why it matters, where to read on."""
    name = list(LAB.checks)[2]
    card = next(c for c in of_class(feedback(SOME), "sw-check") if name in words(c))
    seen = words(card)

    assert SUBJECT.claim(name) in seen
    assert all(text in seen for text in ("0 of 1", "failed", "assert 504 == 200", "GET /users/7", "hangs (by us)"))
    assert all(text in seen for text in (LAB.checks[name].why["en"], 'notebooks/03-calls.ipynb, "A budget'))


@every_case
def test_private_checks_show_claim_and_outcome_alone(case: Case) -> None:
    """Neither page nor Markdown has the name, the message, the wire or the logs of a private check."""
    pages = feedback_page(shown(case), SUBJECT) + feedback_markdown(shown(case), SUBJECT)

    assert [secret for secret in HIDDEN if secret in pages] == []
    assert (PRIVATE["test_a_secret_order"].claim["en"] in pages) == bool(shown(case).checks)


@pytest.mark.parametrize("outcome", [PASSED, FAILED])
def test_what_a_lab_before_failed_on_comes_first(outcome: Outcome) -> None:
    """What is blocked by it says "as said above"; where nothing failed there, those checks are nobody's concern."""
    student, handin, _ = graded(a_student(0))
    assert handin is not None
    judgement = a_judgement(handin, results_of([*checks_of((PASSED,)), earlier(outcome)]), private_of(PASSED))
    page = feedback_page(shown((student, handin, judgement)), SUBJECT)

    own, before = page.index("The checks of this lab"), page.index("The checks of the labs before")
    assert (before < own) == (outcome is FAILED)


def test_broken_check_shows_no_insides() -> None:
    """Where the checker stumbled is for whoever mends it."""
    page = feedback_page(shown(graded(a_student(0), PASSED, BROKEN)), SUBJECT)

    assert "Our fault, not yours." in page
    assert "Traceback" not in page


def test_claims_come_in_chinese() -> None:
    """Where the course has it; the run may have been made in English."""
    name = list(LAB.checks)[2]

    assert LAB.checks[name].claim["zh"] in words(feedback(SOME, CHINESE))
    assert LAB.checks[name].claim["zh"] in feedback_markdown(shown(SOME, CHINESE), CHINESE)
    assert feedback(SOME, CHINESE).get("lang") == "zh-Hans"


def test_words_of_ours_are_translated() -> None:
    """A message is looked up by its id, and its values are put into the translation."""
    catalogue = {"{points} of {most} points": "{most} 分里得了 {points} 分"}
    chinese = replace(CHINESE, voice=Voice("zh", lambda message: catalogue.get(message, message)))

    assert "33 分里得了 26 分" in words(feedback(SOME, chinese))
    assert "33 分里得了 26 分" in feedback_markdown(shown(SOME, chinese), chinese)


def test_markdown_says_the_same() -> None:
    """The mark, each check in a heading, and the evidence of what failed in fences."""
    tokens = MarkdownIt("commonmark").parse(feedback_markdown(shown(SOME), SUBJECT))
    text = [token.content for token in tokens if token.type in {"inline", "fence"}]

    assert "**Mei Lin (s0001)**: 26 of 33 points" in text
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1"] + ["h2"] * 25
    assert "assert 504 == 200   (reply.status_code)\n" in text


def test_notes_are_in_the_report() -> None:
    """Who is not in which file is said where the instructor looks."""
    page = tree(class_report(ENTRIES, SLUGS, SUBJECT, [Message("Not in {file}.", "", {"file": "canvas.csv"})]))

    assert words(of_class(page, "sw-notes")[0]) == "Not in canvas.csv."


def mixed(one: str, other: str, part: float) -> str:
    """Mix two colours, as color-mix in srgb does."""
    pairs = ((int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5))
    return "#" + "".join(f"{round(part * a + (1 - part) * b):02x}" for a, b in pairs)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium, for one test."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
        yield started
        started.close()


@pytest.fixture(params=["class", "student"])
def page(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page on a phone; what the browser complains of and asks for is noted on it."""
    text = class_report(ENTRIES, SLUGS, SUBJECT) if request.param == "class" else feedback_page(shown(BEHIND), SUBJECT)
    (tmp_path / "page.html").write_text(text, "utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.noted = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.noted.append(message.text))  # type: ignore[attr-defined]
    page.on("request", lambda asked: page.noted.append(asked.url))  # type: ignore[attr-defined]
    page.goto((tmp_path / "page.html").as_uri())
    yield page
    context.close()


@pytest.mark.needs("chromium")
def test_phone_gets_one_request_and_no_sideways_scrolling(page: Page) -> None:
    """The page asks for itself alone, and is as wide as the screen; wide tables scroll in their frames."""
    assert page.noted == [page.url]  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.needs("chromium")
def test_keyboard_skips_to_what_counts(page: Page) -> None:
    """The first Tab is the skip link; every frame that scrolls can be reached."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "checks"
    assert page.evaluate("[...document.querySelectorAll('.sw-scroll')].every(frame => frame.tabIndex === 0)")
