"""An order is kept as it was placed, and the pieces in it are nobody else's."""

from collections.abc import Callable

import httpx
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.orders import db
from services.orders.tests.world import PRICE_CENTS, basket

Stocked = Callable[[int], str]


def test_an_order_is_kept(orders: httpx.Client, buyer: int, stocked: Stocked) -> None:
    """What was placed can be read, to the line and to the cent."""
    pieces = {stocked(5): 2, stocked(5): 1}
    placed = orders.post("/orders", json=basket(buyer, pieces))

    kept = orders.get(f"/orders/{placed.json()['id']}")

    assert {line["sku"]: line["quantity"] for line in kept.json()["lines"]} == pieces
    assert kept.json()["total_cents"] == 3 * PRICE_CENTS


def test_a_customers_orders_are_listed(orders: httpx.Client, buyer: int, stocked: Stocked) -> None:
    """A customer finds all their orders, and nobody else's, the newest first."""
    sku = stocked(5)
    placed = [orders.post("/orders", json=basket(buyer, {sku: 1})).json() for _ in range(2)]

    listed = orders.get("/orders", params={"user_id": buyer})

    assert listed.json() == {"items": placed[::-1], "total": 2}


def test_the_last_piece_is_sold_once(orders: httpx.Client, buyer: int, stocked: Stocked) -> None:
    """Who comes too late is refused."""
    last = basket(buyer, {stocked(1): 1})

    answers = [orders.post("/orders", json=last).status_code for _ in range(2)]

    assert answers == [201, 409]


def test_cancelling_gives_the_pieces_back(orders: httpx.Client, buyer: int, stocked: Stocked) -> None:
    """What nobody takes any more can be sold again."""
    last = basket(buyer, {stocked(1): 1})
    order = orders.post("/orders", json=last)
    orders.patch(f"/orders/{order.json()['id']}/status", json={"status": "cancelled"})

    again = orders.post("/orders", json=last)

    assert again.status_code == 201


def test_a_line_without_the_new_name_has_its_price(orders: httpx.Client, buyer: int, stocked: Stocked) -> None:
    """What the version before this one wrote can be read as well."""
    order = orders.post("/orders", json=basket(buyer, {stocked(1): 1})).json()
    with Session(db.engine()) as session, session.begin():
        old = text("UPDATE order_lines SET unit_gross_cents = NULL WHERE order_id = :id")
        session.execute(old, {"id": order["id"]})

    kept = orders.get(f"/orders/{order['id']}")

    assert kept.json()["lines"] == order["lines"]
