"""What the greeter does from the first lab on."""

import pytest

from checker import Role


def test_greeter_greets(greeter: Role) -> None:
    """The greeter greets people by their name."""
    reply = greeter.post("/greetings/Ada")

    assert reply.status_code == 201
    assert reply["greeting"] == "Hello, Ada!"


@pytest.mark.after("test_greeter_greets")
def test_greeter_counts(greeter: Role) -> None:
    """The greeter knows how often it greeted somebody."""
    greeter.post("/greetings/Grace")
    greeter.post("/greetings/Grace")

    reply = greeter.get("/counts/Grace")

    assert reply["count"] == 2
