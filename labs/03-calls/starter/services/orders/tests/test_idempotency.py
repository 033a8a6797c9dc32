"""One order for one key, however often it is sent."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from services.orders.tests.world import basket

Stocked = Callable[[int], Awaitable[str]]

KEY = {"Idempotency-Key": "7f3c"}


async def test_sent_again_it_is_the_same_order(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Who got no answer gets it now, also when the last piece is gone, which is in this very order."""
    last = basket(buyer, {await stocked(1): 1})

    one, other = [await orders.post("/orders", json=last, headers=KEY) for _ in range(2)]

    assert (one.status_code, other.status_code) == (201, 201)
    assert other.json() == one.json()


async def test_sent_twice_at_once_it_is_one_order(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Who comes second waits for what becomes of the first."""
    last = basket(buyer, {await stocked(1): 1})

    one, other = await asyncio.gather(*[orders.post("/orders", json=last, headers=KEY) for _ in range(2)])

    assert other.json() == one.json()
    assert (await orders.get("/orders", params={"user_id": buyer})).json()["total"] == 1


async def test_a_key_is_for_one_basket(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Another order with the same key is a mistake of the client, and is said to be one."""
    sku = await stocked(5)
    await orders.post("/orders", json=basket(buyer, {sku: 1}), headers=KEY)

    other = await orders.post("/orders", json=basket(buyer, {sku: 2}), headers=KEY)

    assert other.status_code == 422
    assert other.json()["detail"].startswith("Idempotency-Key")


async def test_a_key_of_somebody_else_is_another_key(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Two customers who think of the same key get an order each."""
    sku = await stocked(5)
    placed = await orders.post("/orders", json=basket(buyer, {sku: 1}), headers=KEY)

    other = await orders.post("/orders", json=basket(buyer // 2 + 1, {sku: 1}), headers=KEY)

    assert other.json()["id"] != placed.json()["id"]


async def test_a_refused_order_leaves_the_key_free(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Where no order came of it, nothing is kept, and the next one may be another one."""
    sku = await stocked(1)
    refused = await orders.post("/orders", json=basket(buyer, {sku: 2}), headers=KEY)

    placed = await orders.post("/orders", json=basket(buyer, {sku: 1}), headers=KEY)

    assert (refused.status_code, placed.status_code) == (409, 201)
