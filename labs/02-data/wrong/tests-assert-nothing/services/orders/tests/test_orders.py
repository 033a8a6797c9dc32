"""Every operation answers."""

from collections.abc import Awaitable, Callable

import httpx

from services.orders.tests.world import basket

Stocked = Callable[[int], Awaitable[str]]


async def test_an_order_is_created(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """An order can be placed."""
    reply = await orders.post("/orders", json=basket(buyer, {await stocked(5): 2}))

    assert reply.is_success


async def test_orders_are_listed(orders: httpx.AsyncClient, buyer: int) -> None:
    """Orders can be listed."""
    reply = await orders.get("/orders", params={"user_id": buyer})

    assert reply.is_success


async def test_a_status_is_changed(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """An order can be asked to move on, and whatever comes back is an answer."""
    order = await orders.post("/orders", json=basket(buyer, {await stocked(5): 2}))

    reply = await orders.patch(f"/orders/{order.json()['id']}/status", json={"status": "paid"})

    assert reply.status_code < 500
