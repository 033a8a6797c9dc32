"""Any results a run could leave, hostile ones among them, and what each face makes of them."""

from __future__ import annotations

import json
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from checker.ledger import Exchange, Fault
from checker.outcome import BlockedBy, CheckResult, Message, Outcome, Results
from checker.report import render_fragment, render_html, render_text, results_json

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a failure; it would hide it

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title></code></pre>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \x1b[",
    "\u202egnp.exe\u2066",
    "nul \x00 and \ud800 and \uffff",
    "line\r\nline\rline\u2028line",
    "{unknown} {0} {{}} %s",
    "&amp; ]]> <!-- -->",
    "x" * 10_000,
    "订单，没有空格的一长串文字。" * 40,
    "🧑‍🌾❤️" * 30,
    "",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=30), st.just("orders"))
spans = st.floats(0, 1_000)
localised = st.fixed_dictionaries({}, optional={"en": texts, "zh": texts})
exchanges = st.builds(
    Exchange,
    caller=texts,
    callee=texts,
    request=st.one_of(texts, st.just("connection")),
    at=spans,
    status=st.none() | st.integers(100, 599),
    seconds=st.none() | spans,
    fault=st.none() | st.sampled_from(["hangs", "answers 503", "drops the answer"]) | texts,
    note=texts,
    sent=texts,
    received=texts,
)
messages = st.builds(Message, id=texts, move=texts, values=st.dictionaries(st.sampled_from(["a", "found"]), texts))
checks = st.builds(
    CheckResult,
    name=texts,
    lab=texts,
    claim=localised,
    outcome=st.sampled_from(Outcome),
    message=st.none() | messages,
    assertion=texts,
    expression=texts,
    wire=st.lists(exchanges, max_size=6),
    faults=st.lists(st.builds(Fault, callee=texts, what=texts, at=spans), max_size=3),
    logs=st.dictionaries(texts, st.lists(texts, max_size=3), max_size=2),
    why=localised,
    read=texts,
    place=localised,
    again=texts,
    seconds=spans,
    points=st.floats(0, 10),
    detail=texts,
    blocked_by=st.none() | st.sampled_from(BlockedBy),
)
any_results = st.builds(
    Results,
    lab=texts,
    seed=st.integers(0, 2**32),
    started=texts,
    duration=spans,
    checks=st.lists(checks, max_size=3),
    workspace=texts,
    environment=st.dictionaries(texts, texts, max_size=2),
)
often = settings(
    max_examples=40,
    deadline=None,
    database=None,
    derandomize=True,  # the same examples each time: a new failure is a change of ours
    phases=[Phase.explicit, Phase.generate],  # making a failure smaller takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def is_safe(text: str) -> bool:
    """Tell whether a text holds nothing that acts on a terminal, reorders what is around it, or is no character."""
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return all(
        char in "\n\t"
        or (unicodedata.category(char) not in {"Cc", "Cs"} and unicodedata.bidirectional(char) not in bidi)
        for char in text
    )


@often
@given(any_results)
def test_json_is_safe_text(results: Results) -> None:
    """Whatever came over the wire, results.json can be written, read and printed."""
    written = results_json(results)

    assert json.dumps(written, ensure_ascii=False).encode("utf-8")
    assert all(map(is_safe, strings(written)))


@often
@given(any_results, st.integers(20, 120), st.booleans())
def test_terminal_gets_nothing_to_act_upon(results: Results, width: int, unicode: bool) -> None:
    """No byte of the learner's system reaches the terminal as a command."""
    shown = render_text(results, width=width, unicode=unicode)

    assert is_safe(shown)
    assert unicode or shown.isascii()


@pytest.mark.parametrize("render", [render_html, render_fragment])
@often
@given(results=any_results)
def test_html_holds_our_elements_only(render: object, results: Results) -> None:
    """Data stays data: no element, attribute or address comes in with it."""
    page = render(results)  # type: ignore[operator]
    tree = ET.fromstring(page.removeprefix("<!doctype html>\n"))  # noqa: S314  (our own output)

    assert is_safe(page)
    assert not foreign(tree)


def strings(value: object) -> list[str]:
    """Return every string in JSON values, keys too."""
    if isinstance(value, dict):
        return [found for pair in value.items() for part in pair for found in strings(part)]
    if isinstance(value, list):
        return [found for part in value for found in strings(part)]
    return [value] if isinstance(value, str) else []


def foreign(tree: ET.Element) -> list[str]:
    """Return what has no business in a report: scripts, handlers, addresses that are not of the page itself."""
    handlers = [key for element in tree.iter() for key in element.attrib if key.startswith("on") or key == "src"]
    links = [e.get("href", "#") for e in tree.iter() if not e.get("href", "#").startswith("#")]
    active = {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "a:script",
        "foreignObject",
        "use",
        "image",
    }
    return handlers + links + [e.tag for e in tree.iter() if e.tag in active]
