"""Whatever a submission writes, each export can be read back, says just that, and holds nothing that acts."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from exports_formats import CLASSROOM50, GRADESCOPE, junit_faults
from exports_world import DUE, FAILED, LAB, SUBJECT, Case, a_handin, a_judgement, an_entry, results_of, shown
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from test_report_world import HOSTILE, any_results, foreign, is_safe, messages, often, strings, texts

from checker.grader.exports.canvas import canvas_csv
from checker.grader.exports.classroom50 import classroom50_result
from checker.grader.exports.feedback import feedback_page
from checker.grader.exports.gradebook import is_formula
from checker.grader.exports.gradescope import gradescope_results
from checker.grader.exports.junit import junit_xml
from checker.grader.exports.markdown import feedback_markdown, fenced, inline
from checker.grader.exports.moodle import moodle_csv
from checker.grader.exports.names import slugs
from checker.grader.exports.report import class_report
from checker.grader.exports.results import class_head, class_schema, student_values, whole
from checker.grader.model import Handin, Status, Student
from checker.ledger import Exchange, Fault
from checker.outcome import CheckResult, Message, Results
from checker.report import results_json
from checker.report.clean import block, line
from checker.report.parts import claim_text

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failure; it would hide it
T = TypeVar("T")
seldom = settings(often, max_examples=15)
OURS = {
    *("paragraph_open", "paragraph_close", "heading_open", "heading_close", "inline", "text", "softbreak", "fence"),
    *("strong_open", "strong_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
}
"""What our Markdown is made of: no HTML, no link, no image, no emphasis of theirs."""
SIGNS = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", '"=1', "=1\n=2"]
MARKUP = [
    *(
        "- x",
        "+ x",
        "* x",
        "1. x",
        "1) x",
        "# x",
        "> x",
        "---",
        "===",
        "    x",
        "|a|b|",
        "\\",
        "\\*a*",
        "a\n- b",
        "a  \nb",
    ),
    *(
        "*a*",
        "__a__",
        "~~a~~",
        "`a`",
        "[a](b)",
        "![a](b)",
        "<b>",
        "<https://a.b>",
        "https://a.b",
        "www.a.b",
        "&copy;",
        "&#60;",
    ),
    *(
        "\\\\`a`",
        "\\\\*a*",
        "a\\",
        "*a*\\",
        "x`",
        "``a",
        "**",
        "_a_ b",
        "a*b*c",
        "![",
        "](x)",
        "<!--",
        "<?x",
        "<![CDATA[a]]>",
    ),
]
EVERY = [*HOSTILE, *SIGNS, *MARKUP]
names = st.one_of(texts, st.sampled_from(EVERY))
students = st.builds(
    Student,
    key=names,
    name=names,
    email=names,
    ids=st.fixed_dictionaries({}, optional=dict.fromkeys(("sis", "login", "canvas", "github"), names)),
    section=names,
)


def everywhere(text: str) -> Case:
    """A hand-in that says this in every place where anybody can say anything."""
    said = {"en": text}
    wire = Exchange(text, text, text, 0.0, None, None, text, text, text, text)
    check = CheckResult(
        name=text,
        lab=LAB.name,
        claim=said,
        outcome=FAILED,
        message=Message("{found}", "{found}", {"found": text}),
        assertion=text,
        expression=text,
        wire=[wire],
        faults=[Fault(text, text, 0.0)],
        logs={text: [text]},
        why=said,
        read=text,
        place=said,
        again=text,
        detail=text,
    )
    student = Student(text, text, text, dict.fromkeys(("sis", "login", "canvas", "github"), text), text)
    handin = replace(a_handin(student), source=text)
    run = results_of([check])
    return student, handin, a_judgement(handin, run, run)


def hostile(wrapped: Callable[[Any], Any] = lambda case: case) -> Callable[[T], T]:
    """Try every hostile text there is, in every place, before what chance makes."""

    def tried(test: T) -> T:
        for text in EVERY:
            test = example(wrapped(everywhere(text)))(test)
        return test

    return tried


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Anybody's hand-in, and what came of it."""
    handin = replace(a_handin(draw(students)), source=draw(names))
    kind = draw(st.sampled_from(["graded", "malformed", "missing", "not gradable"]))
    if kind == "malformed":
        return handin.student, replace(handin, problem=draw(messages), trees={}), None
    if kind == "missing":
        return handin.student, None, None
    lost = {"status": Status.NOT_GRADABLE, "message": draw(messages)} if kind == "not gradable" else {}
    return handin.student, handin, a_judgement(handin, _run(draw(any_results)), _run(draw(any_results)), **lost)


def _run(results: Results) -> dict[str, Any]:
    """What is in the store; the name of each check once, as pytest has it."""
    checks = {check.name: replace(check, lab=LAB.name) for check in results.checks}
    return json.loads(json.dumps(results_json(replace(results, checks=list(checks.values())))))  # type: ignore[no-any-return]


def tree(page: str) -> ET.Element:
    """Return a page as a tree."""
    return ET.fromstring(page.removeprefix("<!doctype html>\n"))  # noqa: S314  (our own output)


@hostile()
@seldom
@given(cases())
def test_feedback_holds_our_elements_only(case: Case) -> None:
    """Data stays data: each claim is a heading's text, and no element, handler or address comes in with it."""
    one = shown(case)
    page = feedback_page(one, SUBJECT)
    heads = {"".join(each.itertext()) for each in tree(page).iter("h2")}

    assert is_safe(page)
    assert not foreign(tree(page))
    assert heads >= {claim_text(each.result, SUBJECT.voice) for each in one.checks}


@hostile(lambda case: [case])
@seldom
@given(st.lists(cases(), max_size=2))
def test_class_report_holds_our_elements_only(some: list[Case]) -> None:
    """A row for each student, and links to their feedback and to checks alone."""
    entries = [an_entry(case) for case in some]
    page = class_report(entries, slugs(entry.student.key for entry in entries), SUBJECT)
    links = [link.get("href", "") for link in tree(page).iter("a")]

    assert is_safe(page)
    assert not [bad for bad in foreign(tree(page)) if not re.fullmatch(r"feedback/[\w.-]+\.html", bad)]
    assert sum(link.startswith("feedback/") for link in links) >= len(entries)


@hostile()
@seldom
@given(cases())
def test_markdown_is_ours_only(case: Case) -> None:
    """Parsed by CommonMark, with HTML allowed, tables and strikethrough: nothing is in it that we did not mean."""
    one = shown(case)
    text = feedback_markdown(one, SUBJECT)
    tokens = parsed(text)
    heads = [plain(tokens[at + 1]) for at, token in enumerate(tokens) if token.type == "heading_open"]

    assert is_safe(text)
    assert kinds(tokens) <= OURS
    assert [head[2:] for head in heads[1:]] == [spaced(claim_text(each.result, SUBJECT.voice)) for each in one.checks]


@pytest.mark.parametrize("text", EVERY)
def test_line_of_markdown_says_just_that(text: str) -> None:
    """In a paragraph, in a heading and in a list."""
    for around in ("{}", "# {}", "- {}", "## ✗ {}", "- **why**: {}"):
        tokens = parsed(around.replace("{}", f"x {inline(text)}"))
        assert kinds(tokens) <= OURS
    assert plain(parsed(inline(text) or "x")[1]) == (spaced(line(text, 2_000)) or "x")


@often
@given(st.one_of(texts, st.text("`~\n x")))
def test_fence_is_never_left(text: str) -> None:
    """What has lines of its own is code to its end, whatever backticks are in it."""
    tokens = parsed(f"{fenced(text)}\n\nafter")

    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content == block(text) + "\n"


@hostile()
@seldom
@given(cases())
def test_junit_can_be_read(case: Case) -> None:
    """It keeps to its schema, and names each check as it was."""
    one = shown(case)
    text = junit_xml(one, SUBJECT)
    found = ET.fromstring(text)  # noqa: S314  (our own output)
    public = [each.get("name") for each in found.iter("testcase") if each.get("classname") != "private"]

    assert is_safe(text)
    assert not junit_faults(found)
    assert public == ([line(each.result.name, 200) for each in one.checks if not each.private] or public)


@hostile()
@seldom
@given(cases())
def test_json_keeps_to_its_schemas(case: Case) -> None:
    """Gradescope's, Classroom 50's and our own; every string in them can be shown."""
    one = shown(case)
    found = [gradescope_results(one, SUBJECT), classroom50_result(one, SUBJECT), student_values(one, SUBJECT)]
    for values, schema in zip(found, (GRADESCOPE, CLASSROOM50, {}), strict=True):
        text = json.dumps(values, ensure_ascii=False).encode("utf-8")
        assert values is None or jsonschema.validate(json.loads(text), schema) is None
        assert all(map(is_safe, strings(values)))


@hostile(lambda case: [case])
@seldom
@given(st.lists(cases(), max_size=2))
def test_class_can_be_read_in_one_piece(some: list[Case]) -> None:
    """What is written in pieces is one document, of as many students."""
    students = (json.dumps(student_values(shown(case), SUBJECT), ensure_ascii=False) for case in some)
    found = json.loads("".join(whole(class_head([an_entry(case) for case in some], SUBJECT), students)))
    jsonschema.validate(found, class_schema())

    assert [each["student"] for each in found["students"]] == [line(case[0].key) for case in some]


@pytest.mark.parametrize("book", [canvas_csv, moodle_csv])
@seldom
@given(some=st.lists(cases(), max_size=4))
def test_gradebook_has_a_line_for_each_who_is_not_named(book: Any, some: list[Case]) -> None:
    """No cell is a formula, no line is broken, no identity is changed, and nobody is lost."""
    text, left = book([an_entry(case) for case in some], SUBJECT)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    body = rows[2 if book is canvas_csv else 1 :]

    assert is_safe(text.replace("\r\n", "\n"))
    assert len(body) + len(left) == len(some)
    assert not [cell for row in rows for cell in row if is_formula(cell) and cell != "-"]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(any(row[1:4] if book is canvas_csv else row[:1]) for row in body)


@often
@given(st.lists(names, max_size=6))
def test_files_have_names_of_their_own(keys: list[str]) -> None:
    """Each student's is another, within the folder, and can be written."""
    found = slugs(keys)

    assert len({slug.casefold() for slug in found.values()}) == len(set(keys))
    assert all(re.fullmatch(r"[\w][\w.-]*", slug) and len(slug.encode()) < 240 for slug in found.values())


def test_newlines_in_a_name_stay_in_its_cell() -> None:
    """A line end would begin another student's line."""
    handin: Handin = a_handin(Student("a", 'x\r\n"y",99', "a@b", {"sis": "1"}), DUE)
    text, _ = canvas_csv([an_entry((handin.student, handin, None))], SUBJECT)

    assert list(csv.reader(io.StringIO(text, newline="")))[2][0] == 'x "y",99'


def test_braces_of_a_submission_are_no_format_string() -> None:
    """What was found may look like a format string, and is none."""
    handin = replace(a_handin(Student("a")), problem=Message("{name} is no archive.", "", {"name": "{0.__class__}"}))

    assert "{0.__class__} is no archive." in feedback_page(shown((handin.student, handin, None)), SUBJECT)


def parsed(text: str) -> list[Token]:
    """Parse Markdown, with all that is not CommonMark's but usual."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)


def kinds(tokens: list[Token]) -> set[str]:
    """Return what the text is made of."""
    return {each.type for token in tokens for each in (token, *(token.children or ()))}


def plain(token: Token) -> str:
    """Return the text that is read, markup left out."""
    return "".join("\n" if each.type == "softbreak" else each.content for each in token.children or ())


def spaced(text: str) -> str:
    """Return a text as HTML shows it: white space is one space."""
    return re.sub(r"\s+", " ", text).strip()
