"""Whatever comes in the place of what a tester says, reading it ends in a judgement, and no check comes out better than it was seen."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from class_world import LAB
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.grader.judging.attempts import judged
from checker.grader.judging.heard import Heard
from checker.grader.judging.work import Work
from checker.grader.model import Key, Status

WORK = Work(Key("h", LAB, "c", 7, "e"), {}, "forked")
NAMES = ("test_a", "test_b", "test_c")
SOME = settings(max_examples=int(os.environ.get("SEAMWORK_FUZZ", "100")), deadline=None, database=None)
OUTCOMES = ("passed", "failed", "blocked", "broken")

outcomes = st.lists(st.sampled_from(OUTCOMES), min_size=3, max_size=3)
words = st.sampled_from(
    [
        "stages",
        "stage",
        "now",
        "key",
        "check",
        "ended",
        "broken",
        "lacking",
        "over",
        "said",
        "public",
        "03:test_a",
        "outcome",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
lines = values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40) | st.just(b"[" * 100_000)


def said(seen: list[str]) -> list[bytes]:
    """Return what a tester says that sees these outcomes."""

    def check(name: str, outcome: str) -> dict[str, Any]:
        return {"name": name, "lab": LAB, "outcome": outcome, "blocked_by": None, "message": None}

    plan = [[f"03:{name}", check(name, "failed"), check(name, "blocked")] for name in NAMES]
    events: list[dict[str, Any]] = [{"stages": [["public", {"lab": LAB}, plan]]}, {"stage": "public"}]
    for name, outcome in zip(NAMES, seen, strict=True):
        events += [{"now": f"03:{name}"}, {"now": None, "key": f"03:{name}", "check": check(name, outcome)}]
    events += [{"ended": {"duration": 1.0, "environment": {}}}, {"over": 0, "said": ""}]
    return [json.dumps(event).encode() for event in events]


def passed(heard: list[bytes], *, late: bool = False) -> set[str]:
    """Judge by that; return which checks passed, of what may have a mark."""

    def attempt(_: Work) -> Heard:
        found = Heard()
        for line in heard:
            found.hear(line)
        if late:
            found.stop(cancelled=False)
        return found

    judgement = judged(WORK, attempt)
    if judgement.status is not Status.GRADED:
        return set()
    return {each["name"] for each in judgement.results["checks"] if each["outcome"] == "passed"}


@SOME
@given(outcomes, st.integers(0, 2000), st.booleans())
def test_killed_in_the_middle(seen: list[str], at: int, late: bool) -> None:
    """Of what was cut off anywhere, nothing passes that had not."""
    whole = b"\n".join(said(seen))

    assert passed(whole[:at].split(b"\n"), late=late) <= passed(said(seen))


@SOME
@given(outcomes, st.lists(st.tuples(st.integers(0, 12), lines), max_size=6), st.booleans())
def test_lines_of_another_form_are_nothing(seen: list[str], come: list[tuple[int, bytes]], late: bool) -> None:
    """Among the lines of a tester they change no outcome for the better."""
    told = said(seen)
    for at, line in come:
        told.insert(at, line)

    assert passed(told, late=late) <= passed(said(seen))


@SOME
@given(st.lists(lines, max_size=12), st.booleans())
def test_nothing_comes_of_nonsense(told: list[bytes], late: bool) -> None:
    """What never was a tester gives nobody a mark."""
    assert passed(told, late=late) == set()


@pytest.mark.parametrize(
    "event", [5, None, [], "over", {"over": 1}, {"stages": 5}, {"stage": "x"}, {"stages": [["a"]]}]
)
def test_odd_lines_are_not_heard(event: Any) -> None:
    """Neither an end, nor a stage."""
    heard = Heard()

    heard.hear(json.dumps(event).encode())

    assert (heard.over, heard.stages, heard.stage) == (False, {}, None)
