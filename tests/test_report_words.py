"""The voice of a report: languages, catalogues that lack a word, values that are texts themselves."""

from __future__ import annotations

import pytest

from checker.outcome import Message
from checker.report.words import Voice

CHINESE = {
    "hangs": "挂起",
    "by us": "由我们造成",
    "answers {number}": "回答 {number}",
    "answered {number}, and the answer was dropped": "已回答 {number}，但回答被丢弃",
    "you": "你",
    "wrong {name}": "错 {nome}",
    "": "the catalogue's header",
}
chinese = Voice("zh", lambda message: CHINESE.get(message, message))


def test_fault_is_said_in_the_readers_language() -> None:
    """The ledger's short words are looked up; numbers in them are kept."""
    assert chinese.by_us("hangs") == "挂起 (由我们造成)"
    assert chinese.by_us("answers 503") == "回答 503 (由我们造成)"


def test_dropped_answer_keeps_its_status() -> None:
    """A number in the middle of a remark stays where the language wants it."""
    assert chinese.term("answered 201, and the answer was dropped") == "已回答 201，但回答被丢弃"


@pytest.mark.parametrize("name", ["hangs", "passed", "{number}"])
def test_service_keeps_its_name(name: str) -> None:
    """Only the learner is translated."""
    assert chinese.party(name) == name
    assert chinese.party("you") == "你"


def test_translation_with_a_slip_falls_back() -> None:
    """A translator's typo costs the translation, never the report."""
    assert chinese.say("wrong {name}", name="orders") == "wrong orders"


def test_nothing_is_not_the_catalogues_header() -> None:
    """An empty message stays empty, though gettext has an answer to it."""
    assert chinese.say("") == ""
    assert chinese.term("") == ""


def test_values_may_be_texts_of_the_course() -> None:
    """A claim, or a message, inside a message is said in the same language."""
    message = Message(
        "It builds on {claim}: {cause}", values={"claim": {"en": "A.", "zh": "甲。"}, "cause": Message("hangs")}
    )

    assert chinese.message(message) == "It builds on 甲。: 挂起"


def test_missing_language_falls_back_to_english() -> None:
    """A text without a translation is better than none."""
    assert chinese.pick({"en": "A."}) == "A."
    assert chinese.pick({}) == ""
