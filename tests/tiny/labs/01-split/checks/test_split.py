"""The counter stands on its own, and the greeter asks it."""

import pytest

from checker import Role


def test_counter_owns_the_counts(counter: Role) -> None:
    """The counter counts, and tells what it counted."""
    counter.post("/counts/Barbara")

    reply = counter.get("/counts/Barbara")

    assert reply.status_code == 200
    assert reply["count"] == 1


@pytest.mark.after("test_counter_owns_the_counts")
def test_greeter_tells_counter(greeter: Role, counter: Role) -> None:
    """A greeting shows up at the counter."""
    greeter.post("/greetings/Frances")

    reply = counter.get("/counts/Frances")

    assert reply["count"] == 1


def test_greeter_keeps_no_counts(greeter: Role) -> None:
    """The greeter does not answer for counts any more."""
    reply = greeter.get("/counts/Alan")

    assert reply.status_code == 404
