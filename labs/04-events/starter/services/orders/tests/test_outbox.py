"""What becomes of an order is told once, and only when it has happened."""

from collections.abc import Awaitable, Callable

import httpx

from services.orders.tests.world import PRICE_CENTS, Published, basket

Stocked = Callable[[int], Awaitable[str]]
Publish = Callable[[], Awaitable[Published]]

KEY = {"Idempotency-Key": "7f3c"}


async def test_an_order_is_told_of(orders: httpx.AsyncClient, buyer: int, stocked: Stocked, publish: Publish) -> None:
    """Who ordered, and what it comes to: no more is said."""
    order = (await orders.post("/orders", json=basket(buyer, {await stocked(2): 2}))).json()

    published = await publish()

    data = {"order_id": order["id"], "user_id": buyer, "total_cents": 2 * PRICE_CENTS}
    assert published.of(order["id"]) == [("OrderCreated", data)]


async def test_a_cancellation_is_told(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, publish: Publish
) -> None:
    """First that there is an order, then that there is none."""
    order = (await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))).json()
    await orders.patch(f"/orders/{order['id']}/status", json={"status": "cancelled"})

    published = await publish()

    assert [kind for kind, _ in published.of(order["id"])] == ["OrderCreated", "OrderCancelled"]


async def test_a_refused_order_is_not_told_of(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, publish: Publish
) -> None:
    """There is no event of what there is not."""
    await orders.post("/orders", json=basket(buyer, {await stocked(1): 2}))

    published = await publish()

    assert [event for event in published.events if event["data"]["user_id"] == buyer] == []


async def test_sent_again_it_is_told_once(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, publish: Publish
) -> None:
    """One key, one order, one event."""
    last = basket(buyer, {await stocked(1): 1})
    order, _ = [(await orders.post("/orders", json=last, headers=KEY)).json() for _ in range(2)]

    published = await publish()

    assert len(published.of(order["id"])) == 1


async def test_what_is_published_is_not_published_again(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, publish: Publish
) -> None:
    """As long as nothing goes wrong, once is once."""
    order = (await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))).json()
    first = await publish()

    again = await publish()

    assert (len(first.of(order["id"])), again.events) == (1, [])
