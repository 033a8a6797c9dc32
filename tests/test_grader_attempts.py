"""From what testers say to a judgement: who is to blame for an end that did not come, and what is tried again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from class_world import LAB

from checker.grader.judging.attempts import judged
from checker.grader.judging.heard import Heard
from checker.grader.judging.work import Work
from checker.grader.model import Judgement, Key, Status

WORK = Work(Key("h", LAB, "c", 7, "e"), {}, "forked")
HIDDEN = Work(Key("h", LAB, "c", 7, "e"), {}, "forked", private={"checks/test_x.py": None})  # type: ignore[dict-item]
NAMES = ("test_a", "test_b", "test_c")
Saying = Callable[[Heard], None]


def _check(name: str, outcome: str, **beside: Any) -> dict[str, Any]:
    return {"name": name, "lab": LAB, "outcome": outcome, "blocked_by": None, "message": None, **beside}


def _stage(name: str) -> list[Any]:
    plan = [
        [f"03:{each}", _check(each, "failed", message="late"), _check(each, "blocked", blocked_by="work")]
        for each in NAMES
    ]
    return [name, {"lab": LAB}, plan]


def _attempts(*tries: Saying) -> Iterator[Heard]:
    for say in tries:
        heard = Heard()
        say(heard)
        yield heard


def _judged(*tries: Saying, work: Work = WORK) -> tuple[Judgement, int]:
    """Judge by these attempts; how many of them are left."""
    left = list(tries)
    attempts = _attempts(*tries)

    def attempt(_: Work) -> Heard:
        left.pop()
        return next(attempts)

    return judged(work, attempt), len(left)


def _say(heard: Heard, *events: dict[str, Any]) -> None:
    for event in events:
        heard.hear(json.dumps(event).encode())


def _sees(heard: Heard, *outcomes: str, stage: str = "public", ended: bool = True) -> None:
    """Let a tester see so much of a stage."""
    if not heard.stages:
        _say(heard, {"stages": [_stage("public")]})
    _say(heard, {"stage": stage})
    for name, outcome in zip(NAMES, outcomes, strict=False):
        _say(heard, {"now": f"03:{name}"}, {"now": None, "key": f"03:{name}", "check": _check(name, outcome)})
    if ended:
        _say(heard, {"ended": {"duration": 1.0}}, {"over": 0, "said": ""})


def _whole(heard: Heard) -> None:
    _sees(heard, "passed", "failed", "passed")


def _breaks(heard: Heard) -> None:
    _sees(heard, "passed", "broken", "passed")


def _dies(heard: Heard) -> None:
    _sees(heard, "passed", ended=False)
    _say(heard, {"over": -9, "said": "Killed"})


def _hangs(heard: Heard) -> None:
    _sees(heard, "passed", ended=False)
    _say(heard, {"now": "03:test_b"}, {"over": -9, "said": ""})
    heard.stop(cancelled=False)


def _stalls(heard: Heard) -> None:
    _sees(heard, "passed", ended=False)
    _say(heard, {"over": -9, "said": ""})
    heard.stop(cancelled=False)


def _outcomes(judgement: Judgement, which: str = "results") -> list[tuple[str, str]]:
    return [(check["name"], check["outcome"]) for check in getattr(judgement, which)["checks"]]


def test_first_whole_attempt_counts() -> None:
    """Nobody tries again what has been seen to its end."""
    judgement, left = _judged(_whole, _whole)

    assert (judgement.status, judgement.attempts, left) == (Status.GRADED, 1, 1)
    assert _outcomes(judgement) == [("test_a", "passed"), ("test_b", "failed"), ("test_c", "passed")]


def test_dead_tester_is_tried_again() -> None:
    """It says nothing of the work how a tester of ours died."""
    judgement, _ = _judged(_dies, _dies, _whole)

    assert (judgement.status, judgement.attempts) == (Status.GRADED, 3)


def test_tester_that_dies_for_ever_does_not_stall_the_run() -> None:
    """Three times is enough: then there is no mark, and no zero."""
    judgement, left = _judged(_dies, _dies, _dies, _whole)

    assert (judgement.status, judgement.attempts, left) == (Status.NOT_GRADABLE, 3, 1)
    assert judgement.message is not None
    assert "Killed" in judgement.message.values["said"]


def test_broken_check_is_tried_again() -> None:
    """A check that stumbles once may have met a busy machine."""
    judgement, _ = _judged(_breaks, _whole)

    assert (judgement.attempts, _outcomes(judgement)[1]) == (2, ("test_b", "failed"))


def test_work_that_hangs_twice_fails_the_check_it_hangs_in() -> None:
    """What had ended counts, what was stopped has failed, what was to come is blocked by the work."""
    judgement, left = _judged(_hangs, _hangs, _whole)

    assert (judgement.status, left) == (Status.GRADED, 1)
    assert _outcomes(judgement) == [("test_a", "passed"), ("test_b", "failed"), ("test_c", "blocked")]


def test_machine_that_was_busy_once_costs_nothing() -> None:
    """What came to its end the second time has an end."""
    judgement, _ = _judged(_hangs, _whole)

    assert _outcomes(judgement)[2] == ("test_c", "passed")


def test_stall_between_checks_is_ours() -> None:
    """Where no check ran, nothing is known of the work."""
    judgement, _ = _judged(_stalls, _stalls, _stalls)

    assert judgement.status is Status.NOT_GRADABLE


def test_hang_blocks_the_private_checks_as_well() -> None:
    """A work cannot escape them by standing still before."""

    def hangs(heard: Heard) -> None:
        _say(heard, {"stages": [_stage("public"), _stage("private")]})
        _hangs(heard)

    judgement, _ = _judged(hangs, hangs, work=HIDDEN)

    assert judgement.status is Status.GRADED
    assert {outcome for _, outcome in _outcomes(judgement, "private")} == {"blocked"}


def test_no_case_counts_where_one_was_stopped() -> None:
    """Of five cases, three of which would fail, nobody gets two by stopping at the third."""

    def hangs(heard: Heard) -> None:
        _sees(heard, "passed", ended=False)
        for case in "12":
            _say(heard, {"key": f"03:test_b[{case}]", "check": _check(f"test_b[{case}]", "passed")})
        _say(heard, {"now": "03:test_b[3]"}, {"over": -9, "said": ""})
        heard.stop(cancelled=False)

    judgement, _ = _judged(hangs, hangs)

    assert _outcomes(judgement)[1:] == [("test_b", "failed"), ("test_c", "blocked")]


def test_what_is_cut_off_in_the_middle_of_a_line_is_nothing() -> None:
    """A tester is killed whenever it is."""

    def torn(heard: Heard) -> None:
        heard.hear(b'{"stages": [["pub')
        _whole(heard)

    judgement, _ = _judged(torn)

    assert judgement.status is Status.GRADED
