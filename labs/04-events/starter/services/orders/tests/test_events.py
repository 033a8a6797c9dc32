"""A payment decides what becomes of an order that waits for it, once."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.orders import events
from services.orders.cloudevents import Unreadable
from services.orders.tests.world import Published, basket, told

Place = Callable[[], Awaitable[dict[str, Any]]]
Publish = Callable[[], Awaitable[Published]]


@pytest.fixture
def place(orders: httpx.AsyncClient, buyer: int, stocked: Callable[[int], Awaitable[str]]) -> Place:
    """What places an order for the last piece of something."""

    async def placed() -> dict[str, Any]:
        order: dict[str, Any] = (await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))).json()
        return order

    return placed


async def status(orders: httpx.AsyncClient, order: dict[str, Any]) -> str:
    """Ask for an order's status."""
    return str((await orders.get(f"/orders/{order['id']}")).json()["status"])


@pytest.mark.parametrize(("kind", "becomes"), [("PaymentCaptured", "paid"), ("PaymentFailed", "cancelled")])
async def test_a_payment_decides(orders: httpx.AsyncClient, place: Place, kind: str, becomes: str) -> None:
    """Captured, the order is paid; failed, it is cancelled."""
    order = await place()

    await events.handle(told(kind, order))

    assert await status(orders, order) == becomes


async def test_a_failed_payment_undoes_the_order(
    orders: httpx.AsyncClient, buyer: int, place: Place, publish: Publish
) -> None:
    """The piece can be sold again, and whoever gave points for it hears that once, though we heard it twice."""
    order = await place()
    for _ in range(2):
        await events.handle(told("PaymentFailed", order))

    again = await orders.post("/orders", json=basket(buyer, {order["lines"][0]["sku"]: 1}))

    assert again.status_code == 201
    assert [kind for kind, _ in (await publish()).of(order["id"])] == ["OrderCreated", "OrderCancelled"]


async def test_an_order_that_has_moved_on_stays(orders: httpx.AsyncClient, place: Place) -> None:
    """Who has cancelled meanwhile has cancelled; who comes too late is passed over."""
    order = await place()
    await orders.patch(f"/orders/{order['id']}/status", json={"status": "cancelled"})

    await events.handle(told("PaymentCaptured", order))

    assert await status(orders, order) == "cancelled"


async def test_an_unknown_order_is_passed_over() -> None:
    """There is nothing to be done, and nothing gets better by trying again."""
    await events.handle(told("PaymentCaptured", {"id": 2**31 - 1, "total_cents": 1}))


async def test_a_newer_minor_version_is_handled(orders: httpx.AsyncClient, place: Place) -> None:
    """It says more than is needed here, and nothing else."""
    order = await place()

    await events.handle(told("PaymentCaptured", order, version="1.7", currency="EUR"))

    assert await status(orders, order) == "paid"


@pytest.mark.parametrize(("kind", "version"), [("PaymentCaptured", "2.0"), ("PaymentRefunded", "1.0")])
async def test_what_is_not_known_is_passed_over(
    orders: httpx.AsyncClient, place: Place, kind: str, version: str
) -> None:
    """What it means is not for us to guess."""
    order = await place()

    await events.handle(told(kind, order, version=version))

    assert await status(orders, order) == "created"


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"type": "PaymentCaptured"}'])
async def test_what_makes_no_sense_is_said_to_make_none(raw: bytes) -> None:
    """No JSON, or no event: none of it gets better by being tried again."""
    with pytest.raises(Unreadable):
        await events.handle(raw)
