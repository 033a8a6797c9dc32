"""An order is kept as it was placed, and the pieces in it are nobody else's."""

from collections.abc import Awaitable, Callable

import httpx
from sqlalchemy import text

from services.orders import db
from services.orders.tests.world import PRICE_CENTS, basket

Stocked = Callable[[int], Awaitable[str]]


async def test_an_order_is_kept(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """What was placed can be read, to the line and to the cent."""
    pieces = {await stocked(5): 2, await stocked(5): 1}
    placed = await orders.post("/orders", json=basket(buyer, pieces))

    kept = await orders.get(f"/orders/{placed.json()['id']}")

    assert {line["sku"]: line["quantity"] for line in kept.json()["lines"]} == pieces
    assert kept.json()["total_cents"] == 3 * PRICE_CENTS


async def test_a_customers_orders_are_listed(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """A customer finds all their orders, and nobody else's, the newest first."""
    sku = await stocked(5)
    placed = [(await orders.post("/orders", json=basket(buyer, {sku: 1}))).json() for _ in range(2)]

    listed = await orders.get("/orders", params={"user_id": buyer})

    assert listed.json() == {"items": placed[::-1], "total": 2}


async def test_the_last_piece_is_sold_once(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """Who comes too late is refused."""
    last = basket(buyer, {await stocked(1): 1})

    answers = [(await orders.post("/orders", json=last)).status_code for _ in range(2)]

    assert answers == [201, 409]


async def test_cancelling_gives_the_pieces_back(orders: httpx.AsyncClient, buyer: int, stocked: Stocked) -> None:
    """What nobody takes any more can be sold again."""
    last = basket(buyer, {await stocked(1): 1})
    order = await orders.post("/orders", json=last)
    await orders.patch(f"/orders/{order.json()['id']}/status", json={"status": "cancelled"})

    again = await orders.post("/orders", json=last)

    assert again.status_code == 201


async def test_a_line_without_the_new_name_has_its_price(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked
) -> None:
    """What the version before this one wrote can be read as well."""
    order = (await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))).json()
    with db.session() as session, session.begin():
        old = text("UPDATE order_lines SET unit_gross_cents = NULL WHERE order_id = :id")
        session.execute(old, {"id": order["id"]})

    kept = await orders.get(f"/orders/{order['id']}")

    assert kept.json()["lines"] == order["lines"]
