"""Points come with orders: once for each order and reason, in whatever order that is told."""

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from services.users import events
from services.users.cloudevents import Unreadable
from services.users.tests.world import joined, told


async def points(users: httpx.AsyncClient, customer: int) -> int:
    """Ask for a customer's balance."""
    balance = (await users.get(f"/users/{customer}/points")).json()
    assert balance["user_id"] == customer
    return int(balance["points"])


async def test_an_order_brings_points(users: httpx.AsyncClient, order: int) -> None:
    """One for each whole euro, and they are kept."""
    customer = (await joined(users, "Ada"))["id"]

    events.handle(told("OrderCreated", order, customer))

    assert await points(users, customer) == 25


async def test_told_again_it_brings_no_more(users: httpx.AsyncClient, order: int) -> None:
    """An event may come twice, and even with another id it is the same order."""
    customer = (await joined(users, "Ada"))["id"]
    events.handle(told("OrderCreated", order, customer))

    events.handle(told("OrderCreated", order, customer))

    assert await points(users, customer) == 25


async def test_a_cancelled_order_leaves_no_points(users: httpx.AsyncClient, order: int) -> None:
    """They are taken back, once."""
    customer = (await joined(users, "Ada"))["id"]
    events.handle(told("OrderCreated", order, customer))

    for _ in range(2):
        events.handle(told("OrderCancelled", order, customer))

    assert await points(users, customer) == 0


async def test_a_cancellation_may_come_first(users: httpx.AsyncClient, order: int) -> None:
    """Whatever overtakes what: it ends the same."""
    customer = (await joined(users, "Ada"))["id"]
    events.handle(told("OrderCancelled", order, customer))

    events.handle(told("OrderCreated", order, customer))

    assert await points(users, customer) == 0


async def test_a_newer_minor_version_is_handled(users: httpx.AsyncClient, order: int) -> None:
    """It says more than is needed here, and nothing else."""
    customer = (await joined(users, "Ada"))["id"]

    events.handle(told("OrderCreated", order, customer, version="1.7", currency="EUR"))

    assert await points(users, customer) == 25


@pytest.mark.parametrize(("kind", "version"), [("OrderCreated", "2.0"), ("OrderGiftWrapped", "1.0")])
async def test_what_is_not_known_is_passed_over(users: httpx.AsyncClient, order: int, kind: str, version: str) -> None:
    """What it means is not for us to guess."""
    customer = (await joined(users, "Ada"))["id"]

    events.handle(told(kind, order, customer, version=version))

    assert await points(users, customer) == 0


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"type": "OrderCreated"}', told("OrderCreated", 1, -1)])
async def test_what_makes_no_sense_is_said_to_make_none(raw: bytes) -> None:
    """No JSON, no event, data that is not what its type says: none of it gets better by being tried again."""
    with pytest.raises(Unreadable):
        events.handle(raw)


@pytest.mark.usefixtures("users")
async def test_nobody_gets_points_who_is_not_there(order: int) -> None:
    """That is no success: somebody has to look at it."""
    with pytest.raises(IntegrityError):
        events.handle(told("OrderCreated", order, 2**31 - 1))
