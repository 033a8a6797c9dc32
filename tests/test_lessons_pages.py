"""A lesson as a page: what was printed is read back, and Markdown is put as the site reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checker.cli.reference import reference
from checker.course import Course, root
from checker.errors import EngineFault
from checker.lessons.dialect import adapted, headings, joined
from checker.lessons.pages import link_from
from checker.lessons.printed import output_html
from checker.lessons.site import lay_out_site
from checker.lessons.told import Part, verdict
from checker.report import render_text
from checker.report.sample import sample

TINY = Path(__file__).parent / "tiny"
PRINTED = """01-boundaries   0 of 1
✗ A claim that is too long for one line of this terminal, and goes on in the next, which is
  indented.
    assert 504 == 200   (reply.status_code)
    on the wire   you → orders  GET /orders/1  504   … ms
    next          seamwork hint 02 · read notebooks/02-more.ipynb, "The idea"

1 failed · … ms, seed …
Next: mend it."""


def shown(text: str) -> str:
    """Return what a page shows of a text that a cell put out."""
    link = link_from(Course(TINY), "en", "")
    return output_html([{"output_type": "display_data", "data": {"text/plain": text}}], "en", str, link)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_was_printed_is_read_back(lang: str) -> None:
    """Claims and outcomes of every kind of check come back from the text as they went in."""
    run = sample()
    told = verdict(render_text(run, lang=lang), str)

    assert told is not None
    assert [(c.claim, c.outcome) for c in told.checks] == [(c.claim[lang], c.outcome) for c in run.checks]


def test_lines_below_a_claim_keep_their_labels() -> None:
    """Each part of a failure is found again under its label."""
    told = verdict(PRINTED, str)

    assert told is not None
    assert told.checks[0].parts == [
        Part("", ["assert 504 == 200   (reply.status_code)"]),
        Part("on the wire", ["you → orders  GET /orders/1  504   … ms"]),
        Part("next", ['seamwork hint 02 · read notebooks/02-more.ipynb, "The idea"']),
    ]


def test_a_claim_of_two_lines_is_one_sentence() -> None:
    """Where the terminal broke a claim, the page does not."""
    told = verdict(PRINTED, str)

    assert told is not None
    assert told.checks[0].claim.endswith("one line of this terminal, and goes on in the next, which is indented.")


def test_other_output_is_no_verdict() -> None:
    """What merely resembles a verdict stays as it came."""
    assert verdict("01-boundaries is up.\n  shop   http://127.0.0.1:PORT", str) is None


def test_where_to_read_on_is_a_link() -> None:
    """From a failure on a page, the section is one press away."""
    assert '<a href="lessons/02-more/#idea">notebooks/02-more.ipynb, &#34;The idea&#34;</a>' in shown(PRINTED)


def test_a_place_that_was_broken_to_fit_is_a_link() -> None:
    """Wherever the terminal broke the line, the heading is found; a Chinese one, too."""
    link = link_from(Course(TINY), "zh", "lessons/02-more/")

    assert link("02-more", "思 路") == "../../lessons/02-more/#idea"


def test_what_a_service_said_stays_text() -> None:
    """Nothing that a cell put out can become an element of the page."""
    html = shown("200 OK   3 ms   text/html\n<script>alert(1)</script>")

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_output_is_one_line_of_html() -> None:
    """Markdown finds no blank line in it, where an element would end."""
    assert "\n" not in shown("one\n\n    two")


def test_colours_of_a_terminal_are_left_out() -> None:
    """Escape sequences are no text, and do not keep a reply from being known as one."""
    html = shown("\x1b[1;31m503 Service Unavailable\x1b[0m   … ms\n{}")

    assert "\x1b" not in html
    assert '<p class="sw-status sw-status-bad">503 Service Unavailable</p>' in html


def test_targets_become_the_headings_names() -> None:
    """Of two targets above a heading, the first is its id and the other an anchor in it."""
    text = '<a id="one"></a>\n<a id="two"></a>\n\n## Prove it\n\nText.'

    assert headings(text) == ["one"]
    assert adapted(text, ["one"]) == '## <a id="two"></a>Prove it { #one }\n\nText.'


def test_chinese_lines_are_joined_without_a_space() -> None:
    """A line break between two characters is none; beside a Latin word, in a list or in code it stays."""
    text = "你在这里。\n他在那里，用 git\n提交。\n\n```\n一\n二\n```\n* 三\n* 四"

    assert joined(text) == "你在这里。他在那里，用 git\n提交。\n\n```\n一\n二\n```\n* 三\n* 四"


def test_what_follows_a_cell_is_joined() -> None:
    """A cell's fence names its classes, with spaces between them, and ends where it ends."""
    assert joined("``` { .text .sw-in }\n一\n二\n```\n三\n四") == "``` { .text .sw-in }\n一\n二\n```\n三四"


def test_a_listing_is_named_by_its_path() -> None:
    """What an include begins with becomes the listing's title."""
    assert adapted("```python\n# shop/app.py\nx = 1\n```", []) == '```python title="shop/app.py"\nx = 1\n```'
    assert adapted("```sql\n-- infra/a.sql\nSELECT 1\n```", []) == '```sql title="infra/a.sql"\nSELECT 1\n```'


def test_markdown_in_a_fold_is_read() -> None:
    """Answers are folded, and are Markdown all the same."""
    assert (
        adapted("<details><summary>`a`</summary>", []) == '<details markdown="1"><summary markdown="span">`a`</summary>'
    )


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Lay out a course with the real labs, and pages that may be spoilt."""
    shutil.copytree(root() / "site", tmp_path / "course/site", ignore=shutil.ignore_patterns("mermaid*"))
    for name in ("labs", "notebooks", "mkdocs.yml", "mkdocs.zh.yml"):
        (tmp_path / "course" / name).symlink_to(root() / name)
    return Course(tmp_path / "course")


def laid(course: Course) -> Path:
    """Lay the site out; return the English pages."""
    lay_out_site(course, course.root / "build", {"commands": reference})
    return course.root / "build/pages/en"


def test_a_page_in_one_language_alone_is_refused(course: Course) -> None:
    """What is written in English only is named."""
    (course.root / "site/en/news.md").write_text("# News\n")

    with pytest.raises(EngineFault, match=r"site/zh has no news\.md"):
        laid(course)


def test_a_mark_that_nobody_knows_is_refused(course: Course) -> None:
    """A typing error in a page does not become a hole in it."""
    (course.root / "site/en/why.md").write_text("# Why\n\n<!-- seamwork: oprations -->\n")

    with pytest.raises(EngineFault, match="oprations"):
        laid(course)


def test_labs_are_found_by_their_folders(course: Course) -> None:
    """Nobody lists the lessons: each lab with a guide has a page, and a line in the menu."""
    found = sorted(page.stem for page in laid(course).glob("lessons/[0-9]*.md"))

    assert found == [lab.name for lab in course.labs if lab.guide("en").is_file()]
    assert all(f"lessons/{name}.md" in (course.root / "build/mkdocs.yml").read_text() for name in found)


def test_the_contract_names_an_owner_in_each_lab(course: Course) -> None:
    """The path stays, the owner changes."""
    page = (laid(course) / "contract.md").read_text()

    (row,) = [line for line in page.splitlines() if line.startswith("| `POST /orders`")]
    assert row.split(" | ")[1:3] == ["`shop`", "`orders`"]
