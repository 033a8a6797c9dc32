"""A breaker stops those who have no hope, and lets one try when it is time."""

import asyncio
from contextlib import suppress

import pytest

from services.orders.breaker import Breaker, Open


def fail(breaker: Breaker) -> None:
    """Let a call fail."""
    with suppress(TimeoutError), breaker.call():
        raise TimeoutError


def test_after_enough_failures_nobody_calls() -> None:
    """Two in a row are enough here."""
    breaker = Breaker(failures=2, reset=60, counts=TimeoutError)
    fail(breaker)
    fail(breaker)

    with pytest.raises(Open), breaker.call():
        pytest.fail("somebody called")


def test_a_success_begins_the_count_anew() -> None:
    """Two failures with a success between them are not two in a row."""
    breaker = Breaker(failures=2, reset=60, counts=TimeoutError)
    fail(breaker)
    with breaker.call():
        pass
    fail(breaker)

    with breaker.call():
        pass


def test_one_tries_at_a_time() -> None:
    """When it is time again, the first one calls, and who comes meanwhile does not."""
    breaker = Breaker(failures=1, reset=0, counts=TimeoutError)
    fail(breaker)

    with breaker.call(), pytest.raises(Open), breaker.call():
        pytest.fail("two called at once")


def test_a_trial_that_succeeds_closes_it() -> None:
    """From then on all may call."""
    breaker = Breaker(failures=1, reset=0, counts=TimeoutError)
    fail(breaker)
    with breaker.call():
        pass

    with breaker.call(), breaker.call():
        pass


def test_a_trial_that_fails_is_not_the_last() -> None:
    """When it is time again, somebody else tries."""
    breaker = Breaker(failures=1, reset=0, counts=TimeoutError)
    fail(breaker)
    fail(breaker)

    with breaker.call():
        pass


def test_a_trial_that_is_cancelled_is_not_the_last() -> None:
    """Who hangs up in the middle of it has not found out anything; the next one tries."""
    breaker = Breaker(failures=1, reset=0, counts=TimeoutError)
    fail(breaker)
    with suppress(asyncio.CancelledError), breaker.call():
        raise asyncio.CancelledError

    with breaker.call():
        pass
