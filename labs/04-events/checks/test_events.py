"""Lab 04: orders tells what happened, users and orders listen; whoever dies in between, all agree in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from checker import OTHERS, Reply

Event = dict[str, Any]

QUICK = {
    "RELAY_POLL_MS": "20",
    "CLAIM_IDLE_MS": "150",
    "READ_BLOCK_MS": "50",
    "CALL_BUDGET_MS": "20000",
    "BREAKER_FAILURES": "1000",
}
"""Nobody waits longer than a check does; and a budget that is never short, a breaker that does not open."""


def orders_alone(**variables: str) -> pytest.MarkDecorator:
    """Only `orders` runs, with its relay and its consumer; its neighbours are stand-ins, and the check tells what payments would."""
    return pytest.mark.system(only=["orders"], standins=[OTHERS], variables={**QUICK, **variables})


def users_alone(**variables: str) -> pytest.MarkDecorator:
    """Only `users` runs, with its consumer; the check tells what orders would."""
    return pytest.mark.system(only=["users"], standins=[OTHERS], variables={**QUICK, **variables})


BY_HAND = {"CLAIM_IDLE_MS": "600000", "DELIVERIES": "2"}
"""Nothing is due again by itself: the check says what has lain long enough, and no machine is too slow for it."""
EVERYBODY = pytest.mark.system(variables=QUICK)

TOLD, LISTENED, DECIDED = "test_an_order_is_told", "test_points_come_once", "test_payments_decide"
"""Without these the others that tell, or listen, would all say the same."""
ONE_BY_ONE = (
    TOLD,
    "test_nothing_is_told_that_is_not",
    "test_a_killed_service_has_told_all",
    "test_a_killed_relay_loses_nothing",
    "test_orders_are_taken_without_a_broker",
    "test_the_slower_one_is_told_too",
    "test_two_relays_tell_the_same",
    "test_streams_stay_bounded",
    "test_points_are_not_asked_for",
    DECIDED,
    "test_what_comes_too_late_changes_nothing",
    LISTENED,
    "test_a_killed_consumer_counts_once",
    "test_poison_blocks_nobody",
    "test_what_is_unknown_is_passed_over",
    "test_what_somebody_took_along_is_taken_over",
    "test_a_cancellation_may_overtake",
    "test_the_consumer_outlives_an_outage",
    "test_a_failed_payment_undoes_all",
)
"""What chance brings together, looked at one by one before."""


# orders tells


@orders_alone()
@pytest.mark.usefixtures("neighbours")
def test_an_order_is_told(place: Callable[..., Reply], odd: Callable[[Mapping[str, Any]], list[str]]) -> None:
    """An order is told as the contract says: one event, with the order's number, its customer and its total, and no more."""
    found = odd(place(discount_code="WELCOME10").json)

    assert found == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours")
def test_nothing_is_told_that_is_not(
    refused_at_the_end: Callable[[], Reply], place: Callable[..., Reply], untold: Callable[[], list[str]]
) -> None:
    """An order that PostgreSQL refuses in the last moment is told by nobody; the next one is."""
    refused = refused_at_the_end()
    place()["id"]

    assert refused.status_code >= 500
    assert untold() == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours")
def test_a_killed_service_has_told_all(
    untold: Callable[[], list[str]], killed_after_commit: Callable[[], None]
) -> None:
    """When `orders` is killed right after an order was committed, that order is told all the same."""
    killed_after_commit()

    assert untold() == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours")
def test_a_killed_relay_loses_nothing(untold: Callable[[], list[str]], relay_killed: Callable[[bool], None]) -> None:
    """When the relay is killed before and after the broker has an event, each order is told, by one event however often it comes."""
    relay_killed(False)
    relay_killed(True)

    assert untold() == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours")
def test_orders_are_taken_without_a_broker(
    taken_without_a_broker: Callable[[], list[int]], untold: Callable[[], list[str]]
) -> None:
    """While the broker is down orders are taken as ever; when it is back, each is told."""
    taken = taken_without_a_broker()

    assert taken == [201, 201, 201]
    assert untold() == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours")
def test_the_slower_one_is_told_too(overtaken: Callable[[], None], untold: Callable[[], list[str]]) -> None:
    """An order that began first and committed last is told, though a later one was told before it."""
    overtaken()

    assert untold() == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_two_relays_tell_the_same(two_at_work: Callable[[], list[int]], untold: Callable[[], list[str]]) -> None:
    """With two relays at work, each order is told, by one event however often it comes."""
    made = two_at_work()

    assert made == [201] * 12
    assert untold() == []


@orders_alone(STREAM_MAXLEN="5")
@pytest.mark.after(TOLD)
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_streams_stay_bounded(flooded: Callable[[int], int]) -> None:
    """A stream keeps about as many entries as STREAM_MAXLEN says, however many there were."""
    assert 5 <= flooded(20) <= 15


# orders listens, and asks no more


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours")
def test_points_are_not_asked_for(asked: Callable[[], list[str]]) -> None:
    """Placing an order, and cancelling it, asks `users` for no points: what it is told is enough."""
    found = asked()

    assert found == []


@orders_alone()
@pytest.mark.after(TOLD)
@pytest.mark.usefixtures("neighbours", "listening")
def test_payments_decide(decided: Callable[[], dict[str, object]]) -> None:
    """A captured payment makes its order paid, a failed one cancels it and gives the pieces back: once, however often it is told."""
    found = decided()

    assert found == {
        "captured": "paid",
        "failed": "cancelled",
        "told of the cancelled one": {"OrderCreated": 1, "OrderCancelled": 1},
        "all its pieces, and one more": [201, 409],
    }


@orders_alone()
@pytest.mark.after(DECIDED)
@pytest.mark.usefixtures("neighbours", "listening")
def test_what_comes_too_late_changes_nothing(too_late: Callable[[], dict[str, object]]) -> None:
    """Payments for an order that has moved on, or that there is not, are passed over, and behind what makes no sense the next one is heard."""
    found = too_late()

    assert found == {"shipped": "shipped", "the next one": "paid", "dead letters": 1, "not in the log": 0}


# users listens


@users_alone()
@pytest.mark.fresh
def test_points_come_once(told_thrice: Callable[[], tuple[dict[int, int], int]], expected: dict[int, int]) -> None:
    """Each event three times, shuffled, and told before two consumers come: each customer has the points of each order once."""
    found, dead = told_thrice()

    assert found == expected
    assert dead == 0


@users_alone(**BY_HAND)
@pytest.mark.after(LISTENED)
@pytest.mark.usefixtures("listening")
def test_a_killed_consumer_counts_once(
    consumer_killed: Callable[[bool, Event], None],
    two_orders: Sequence[Event],
    balances: Callable[[Mapping[int, int]], dict[int, int]],
    buyer: int,
) -> None:
    """When the consumer is killed before and after its acknowledgement is heard, the points are there, once."""
    consumer_killed(False, two_orders[0])
    consumer_killed(True, two_orders[1])
    found = balances({buyer: 70})

    assert found == {buyer: 70}


@users_alone(**BY_HAND)
@pytest.mark.after(LISTENED)
@pytest.mark.fresh
@pytest.mark.usefixtures("listening")
def test_poison_blocks_nobody(poisoned: Callable[[], dict[str, object]]) -> None:
    """What cannot be handled goes to the dead letters with a reason, each once, and what comes after it is handled."""
    found = poisoned()

    assert found == {
        "points": 30,
        "dead letters at once": 4,
        "dead letters": 6,
        "not as they came": [],
        "without a reason": 0,
        "with a customer in the reason": 0,
        "unacknowledged": 0,
    }


@users_alone(**BY_HAND)
@pytest.mark.after(LISTENED)
@pytest.mark.usefixtures("listening")
def test_what_is_unknown_is_passed_over(
    strangers: Callable[[], tuple[dict[str, object], list[str]]],
) -> None:
    """An unknown type and a newer major version are passed over, and the log says so; a newer minor version is handled."""
    found, unsaid = strangers()

    assert found == {"points": 40, "dead letters": 0, "unacknowledged": 0}
    assert unsaid == []


@users_alone(**BY_HAND)
@pytest.mark.after(LISTENED)
@pytest.mark.usefixtures("listening")
def test_what_somebody_took_along_is_taken_over(ghost: Callable[[], dict[str, int]]) -> None:
    """An event that a consumer took, and then was never heard of again, is handled by another one."""
    found = ghost()

    assert found == {"what was due": 30, "all of it": 30, "unacknowledged": 0}


@users_alone(**BY_HAND)
@pytest.mark.after(LISTENED)
@pytest.mark.usefixtures("listening")
def test_a_cancellation_may_overtake(overtaking: Callable[[], dict[int, int]], buyer: int) -> None:
    """When an order's cancellation comes before its creation, its points are nought in the end, and the next order counts."""
    found = overtaking()

    assert found == {buyer: 30}


@users_alone(**BY_HAND)
@pytest.mark.after(LISTENED)
@pytest.mark.usefixtures("listening")
def test_the_consumer_outlives_an_outage(outage: Callable[[], dict[str, object]]) -> None:
    """When its database and the broker were away for a while, the consumer goes on by itself, and nothing is missing."""
    found = outage()

    assert found == {"points": 80, "ended when it was asked to": True, "dead letters": 0, "left lying": 1}


# Everybody


@EVERYBODY
@pytest.mark.after(LISTENED, DECIDED)
@pytest.mark.fresh
@pytest.mark.usefixtures("listening")
def test_a_failed_payment_undoes_all(undone: Callable[[], dict[str, object]]) -> None:
    """A payment that fails cancels the order, gives the pieces back and takes the points back: nobody had to ask."""
    found = undone()

    assert found == {"points before": True, "status": "cancelled", "points after": 0, "all pieces again": 201}


@EVERYBODY
@pytest.mark.fresh
@pytest.mark.after(*ONE_BY_ONE)
def test_all_agree_in_the_end(lived_through: Callable[[], list[str]]) -> None:
    """After thirty random orders, payments, faults and restarts, orders, events and points agree."""
    found = lived_through()

    assert found == []
