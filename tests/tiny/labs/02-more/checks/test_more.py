"""The greeter lives with a counter that is silent."""

import pytest

from checker import Role


def test_count_is_shown(greeter: Role) -> None:
    """A greeting tells how many there were."""
    reply = greeter.post("/greetings/Katherine")

    assert reply["count"] == 1


@pytest.mark.fresh
def test_silence_is_survived(greeter: Role, counter: Role) -> None:
    """People are greeted within two seconds while the counter hangs."""
    counter.hangs()

    reply = greeter.post("/greetings/Margaret", timeout=2.0)

    assert reply.status_code == 201
    assert reply["count"] is None
