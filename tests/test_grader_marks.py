"""What a run is worth: points, partial credit, lateness; and that our fault is never a zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from class_world import MONDAY, a_handin, a_key, a_lab, judged, results
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.course import CheckMeta
from checker.errors import UsageError
from checker.grader.marks import basis, mark, undecided
from checker.grader.model import Extension, Mark, Status, Student
from checker.grader.policy import Policy
from checker.outcome import Message

LAB = a_lab({"test_a": 2, "test_b": 1, "test_c": 1})
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def marked(lab: Any = LAB, policy: Policy = Policy(), private: Any = None, at: Any = MONDAY, **outcomes: str) -> Mark:  # noqa: B008
    handin = a_handin(at=at)
    judgement = replace(judged(a_key(handin), **outcomes), private=results(**(private or {})))
    return mark(judgement, lab, handin, policy, {name: CheckMeta() for name in private or {}})


def test_each_passed_check_earns_its_points() -> None:
    """Partial credit is by check: two of four points, though two of three passed."""
    found = marked(test_a="failed", test_b="passed", test_c="passed")

    assert (found.status, found.earned, found.points, found.most) == (Status.GRADED, 2.0, 2.0, 4.0)
    assert list(found.checks)[:2] == [("test_a", "failed", 0.0, 2.0), ("test_b", "passed", 1.0, 1.0)]


def test_weight_scales_what_a_lab_is_worth() -> None:
    """Ten points for the whole lab: the check with half of the points has five of them."""
    found = marked(
        a_lab({"test_a": 2, "test_b": 1, "test_c": 1}, 10), test_a="passed", test_b="failed", test_c="failed"
    )

    assert (found.points, found.most) == (5.0, 10.0)


def test_cases_of_a_check_share_its_points() -> None:
    """Where a check has two cases and one of them passed, half of its points are earned."""
    cases = {"test_a[1]": "passed", "test_a[2]": "failed", "test_b": "passed", "test_c": "failed"}

    assert marked(**cases).points == 2.0


def test_blocked_behind_a_failed_check_earns_nothing() -> None:
    """What could not be shown because of the work is worth nothing, and the rest its points."""
    found = marked(test_a="failed", test_b="blocked", test_c="passed")

    assert (found.status, found.points) == (Status.GRADED, 1.0)


@pytest.mark.parametrize("ours", ["broken", "lacking"])
def test_our_fault_is_no_mark(ours: str) -> None:
    """A check that is broken, or blocked by what the machine lacks, leaves no mark: not a zero, not the rest."""
    found = marked(test_a=ours, test_b="passed", test_c="passed")

    assert (found.status, found.points) == (Status.NOT_GRADABLE, None)
    assert found.message is not None
    assert found.message.values == {"checks": "test_a"}


def test_check_that_never_ran_is_no_mark() -> None:
    """Results that lack one of the lab's checks are no ground for a mark."""
    handin = a_handin()
    judgement = judged(a_key(handin), test_a="passed", test_b="passed")

    assert undecided(judgement, LAB) == ["test_c"]
    assert mark(judgement, LAB, handin).points is None


def test_labs_before_are_shown_and_count_nothing() -> None:
    """Checks of labs before neither earn nor cost anything, not even when they are broken."""
    handin = a_handin()
    own = results(test_a="passed", test_b="passed", test_c="passed")["checks"]
    before = results("01-split", test_a="failed", test_z="broken")["checks"]
    found = mark(replace(judged(a_key(handin)), results={"checks": before + own}), LAB, handin)

    assert (found.points, found.most) == (4.0, 4.0)
    assert list(found.checks)[:2] == [("01:test_a", "failed", 0.0, 0.0), ("01:test_z", "broken", 0.0, 0.0)]


def test_private_checks_count_like_the_others() -> None:
    """An instructor's own check is worth its points; where lab.toml says what all is worth, it shares in that."""
    lab = a_lab({"test_a": 2, "test_b": 1}, weight=8)
    found = marked(lab, private={"test_a": "failed"}, test_a="passed", test_b="passed")

    assert (found.points, found.most) == (6.0, 8.0)
    assert found.checks[-1] == ("private:test_a", "failed", 0.0, 2.0)


def test_private_check_that_did_not_run_is_no_mark() -> None:
    """Without the instructor's checks there is no mark, though all others passed."""
    judgement = judged(a_key(a_handin()), test_a="passed", test_b="passed", test_c="passed")

    assert mark(judgement, LAB, a_handin(), private={"test_x": CheckMeta()}).status is Status.NOT_GRADABLE


def test_what_cannot_be_read_says_why() -> None:
    """What is malformed earns nothing, and the reason goes along; nothing handed in is no mark at all."""
    said = Message("It is empty.", "Pack it again.")
    malformed, missing = mark(None, LAB, a_handin(problem=said)), mark(None, LAB, None)

    assert (malformed.status, malformed.points, malformed.message) == (Status.MALFORMED, 0.0, said)
    assert (missing.status, missing.points, missing.most) == (Status.MISSING, None, 4.0)


def test_run_that_came_to_nothing_is_no_mark() -> None:
    """What was not gradable stays so, whatever its results say, and so does what was not run yet."""
    judgement = judged(a_key(a_handin()), Status.NOT_GRADABLE, test_a="passed", test_b="passed", test_c="passed")

    assert mark(judgement, LAB, a_handin()).points is None
    assert mark(None, LAB, a_handin()).status is Status.NOT_GRADABLE


def test_points_are_rounded_once_halves_up() -> None:
    """A third of ten is 3.33, two thirds are 6.67, and all of it is ten."""
    lab = a_lab({"test_a": 1, "test_b": 1, "test_c": 1}, weight=10)
    some = [
        marked(lab, **dict.fromkeys(("test_a", "test_b", "test_c"), "failed") | dict.fromkeys(names, "passed"))
        for names in (["test_a"], ["test_a", "test_b"], ["test_a", "test_b", "test_c"])
    ]

    assert [found.points for found in some] == [3.33, 6.67, 10.0]
    assert marked(a_lab({"test_a": 0.1, "test_b": 0.2}), test_a="passed", test_b="passed").points == 0.3


# Lateness

SUNDAY = datetime(2026, 3, 1, 23, 59, tzinfo=BERLIN)
LATE = Policy(SUNDAY, grace=HOUR, per_day=0.1, cap=0.25, closes=SUNDAY + 5 * DAY)


@pytest.mark.parametrize(
    ("after", "days", "penalty"),
    [
        (-DAY, 0, 0.0),
        (timedelta(), 0, 0.0),
        (HOUR, 0, 0.0),
        (HOUR + timedelta(seconds=1), 1, 0.1),
        (DAY + HOUR, 1, 0.1),
        (DAY + HOUR * 2, 2, 0.2),
        (DAY * 2 + HOUR * 2, 3, 0.25),
        (DAY * 5 + HOUR * 2, 6, 1.0),
    ],
)
def test_days_begun_after_grace_cost_their_share(after: timedelta, days: int, penalty: float) -> None:
    """Up to the end of the grace nothing is lost; then each day begun costs a tenth, a quarter at most, until it closes."""
    found = LATE.lateness(SUNDAY + after)

    assert (found.days, found.penalty) == (days, penalty)


def test_penalty_is_taken_off_what_was_earned() -> None:
    """Four points a day late are 3.6; after closing they are nothing, and the mark says so."""
    passed = {"test_a": "passed", "test_b": "passed", "test_c": "passed"}
    late, closed = (marked(policy=LATE, at=SUNDAY + after, **passed) for after in (HOUR * 2, DAY * 6))

    assert (late.earned, late.points, late.late, late.penalty) == (4.0, 3.6, 1.0, 0.1)
    assert (closed.earned, closed.points, closed.message) == (4.0, 0.0, Message("It came after the lab had closed."))


def test_time_that_nobody_knows_is_in_time() -> None:
    """Where nothing says when it was handed in, nothing is taken off."""
    found = marked(policy=LATE, at=None, test_a="passed", test_b="passed", test_c="passed")

    assert (found.points, found.late) == (4.0, 0.0)


def test_other_time_zone_is_the_same_instant() -> None:
    """Half past midnight in Berlin is before midnight in London, and as late."""
    due = datetime(2026, 3, 2, 0, 0, tzinfo=BERLIN)

    assert Policy(due).lateness(datetime(2026, 3, 1, 23, 0, tzinfo=UTC)).days == 0
    assert Policy(due).lateness(datetime(2026, 3, 1, 23, 1, tzinfo=UTC)).days == 1


@pytest.mark.parametrize(
    "clocks_change", [datetime(2026, 3, 28, 23, 59, tzinfo=BERLIN), datetime(2026, 10, 24, 23, 59, tzinfo=BERLIN)]
)
def test_a_day_ends_when_the_clock_says_so(clocks_change: datetime) -> None:
    """A night with 23 or 25 hours in it is one day: until 23:59 of the next evening."""
    evening = (clocks_change + DAY).astimezone(UTC)  # a clock's arithmetic

    assert evening - clocks_change.astimezone(UTC) in (23 * HOUR, 25 * HOUR)
    assert [Policy(clocks_change).lateness(evening + after).days for after in (timedelta(), timedelta(seconds=1))] == [
        1,
        2,
    ]


def test_hour_that_comes_twice_is_told_apart() -> None:
    """When clocks are turned back, half past two comes twice: the second is an hour after the first."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)

    assert Policy(first).lateness(first.replace(fold=1)).days == 1


def test_day_that_ends_in_an_hour_that_comes_twice_ends_with_the_later() -> None:
    """Where half past two comes twice, a day that ends then ends the second time."""
    due = datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN)

    assert Policy(due).lateness(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)).days == 1


def test_extension_moves_deadline_and_closing() -> None:
    """Whoever was given another week is in time when the lab has closed for all others."""
    week, days = Extension(SUNDAY + 7 * DAY), Extension(days=7)

    assert [LATE.lateness(SUNDAY + 7 * DAY, each).penalty for each in (Extension(), week, days)] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"deadline": datetime(2026, 3, 1)}, "deadline: 2026-03-01T00:00:00 has no time zone"),  # noqa: DTZ001
        ({"per_day": 10}, "per_day is 10, and has to be a share from 0 to 1"),
        ({"per_day": float("nan")}, "per_day is nan"),
        ({"cap": -0.1}, "cap is -0.1"),
        ({"grace": -HOUR}, "grace is "),
        ({"deadline": SUNDAY, "closes": SUNDAY - DAY}, "closes is .*no earlier than the deadline"),
    ],
)
def test_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any], words: str) -> None:
    """A policy is held to what it can mean when it is read, not when somebody is late."""
    with pytest.raises(UsageError, match=words):
        Policy(**wrong)


def test_times_without_a_zone_are_refused() -> None:
    """Nobody's lateness hangs on what zone the grading machine is in."""
    with pytest.raises(UsageError, match=r"submitted_at: .* has no time zone"):
        LATE.lateness(datetime(2026, 3, 1))  # noqa: DTZ001
    with pytest.raises(UsageError, match=r"extension is -1\.0"):
        LATE.lateness(SUNDAY, Extension(days=-1.0))


# Whatever comes: the mark is bounded, and moves one way

often = settings(max_examples=150, deadline=None, database=None, derandomize=True)
zones = st.sampled_from([UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])
times = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=zones)  # noqa: DTZ001
spans = st.timedeltas(timedelta(), 9 * DAY)
shares = st.floats(0, 1)
policies = st.builds(
    lambda due, grace, day, cap, open_for: Policy(due, grace, day, cap, due and open_for and due.astimezone(UTC) + open_for),
    st.none() | times, spans, shares, shares, st.none() | spans,
)  # fmt: skip
extensions = st.builds(Extension, st.none() | times, st.sampled_from([0.0, 0.5, 1.0, 7.0]))
outcomes = st.fixed_dictionaries(
    {name: st.sampled_from(["passed", "failed", "blocked"]) for name in ("test_a", "test_b", "test_c")}
)
labs = st.builds(
    lambda points, weight: a_lab(dict(zip(("test_a", "test_b", "test_c"), points, strict=True)), weight),
    st.tuples(*[st.floats(0, 100)] * 3), st.just(0.0) | st.floats(0, 100),
)  # fmt: skip


@often
@given(labs, policies, extensions, times, outcomes)
def test_mark_is_bounded(lab: Any, policy: Policy, extension: Extension, at: datetime, came_to: dict[str, str]) -> None:
    """No mark is below nothing, above what was earned, or above what there is to earn."""
    handin = a_handin(Student("ada", extension=extension), at=at)
    found = mark(judged(a_key(handin), **came_to), lab, handin, policy)

    assert found.points is not None
    assert 0 <= found.points <= found.earned <= found.most


@often
@given(labs, policies, times, outcomes, st.sampled_from(["test_a", "test_b", "test_c"]))
def test_passing_more_never_costs(lab: Any, policy: Policy, at: datetime, came_to: dict[str, str], name: str) -> None:
    """Whoever mends one check has no fewer points."""
    before, after = (marked(lab, policy, at=at, **each) for each in (came_to, came_to | {name: "passed"}))

    assert (after.points or 0) >= (before.points or 0)


@often
@given(policies, extensions, times, st.timedeltas(timedelta(), 30 * DAY))
def test_later_is_never_better(policy: Policy, extension: Extension, at: datetime, wait: timedelta) -> None:
    """Who waits loses no less."""
    at = at.astimezone(UTC)
    before, after = policy.lateness(at, extension), policy.lateness(at + wait, extension)

    assert (after.days, after.penalty) >= (before.days, before.penalty)
    assert after.penalty >= before.penalty


@often
@given(policies, extensions, times)
def test_extension_never_hurts(policy: Policy, extension: Extension, at: datetime) -> None:
    """Whoever was granted something loses no more than without it, however odd the grant."""
    granted, not_granted = policy.lateness(at, extension), policy.lateness(at)

    assert (granted.days, granted.penalty) <= (not_granted.days, not_granted.penalty)
    assert granted.penalty <= not_granted.penalty


def test_basis_knows_what_a_mark_stands_on() -> None:
    """Policy, extension and points each show in it; what is not in it, the mark does not hang on."""
    ada = Student("ada")
    found = basis(LAB, ada, LATE)

    assert found == basis(LAB, replace(ada, name="Ada"), LATE)
    assert basis(LAB, ada, replace(LATE, per_day=0.2)).policy != found.policy
    assert basis(LAB, Student("ada", extension=Extension(days=1)), LATE).extension != found.extension
    assert basis(a_lab({"test_a": 3}), ada, LATE).points != found.points
