"""An order is what was asked for, at the right price."""

from collections.abc import Awaitable, Callable

import httpx

from services.orders.tests.world import PRICE_CENTS, basket

Stocked = Callable[[int], Awaitable[str]]


async def test_an_order_has_its_lines(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Every line of the basket is in the order."""
    pieces = {await stocked(5): 2, await stocked(5): 1}

    placed = await orders.post("/orders", json=basket(buyer, pieces))

    assert {line["sku"]: line["quantity"] for line in placed.json()["lines"]} == pieces


async def test_an_order_has_its_price(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Three pieces cost three times as much as one."""
    placed = await orders.post("/orders", json=basket(buyer, {await stocked(5): 3}))

    assert placed.json()["total_cents"] == 3 * PRICE_CENTS
    assert placed.json()["status"] == "created"


async def test_the_last_piece_is_sold_once(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Who comes too late is refused."""
    last = basket(buyer, {await stocked(1): 1})

    answers = [(await orders.post("/orders", json=last)).status_code for _ in range(2)]

    assert answers == [201, 409]
