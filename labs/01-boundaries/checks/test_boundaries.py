"""Lab 01: `orders` owns the order's whole life, behind a narrow interface, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from checker import OTHERS, Reply, Role, System, at_once

ALONE = pytest.mark.system(only=["orders"], standins=[OTHERS])
"""Only `orders` runs; its neighbours are stand-ins that know users, products and points."""


def test_orders_answers_for_orders(orders: Role, shop: Role, place: Callable[..., Reply], skus: list[str]) -> None:
    """`orders` places an order and reads it back; the shop no longer does."""
    order = place(skus[0], 2)

    assert orders.get(f"/orders/{order['id']}").json == order.json
    assert shop.get(f"/orders/{order['id']}").status_code == 404


@pytest.mark.after("test_orders_answers_for_orders")
def test_clients_notice_nothing(system: System, monolith: System, conversation: Callable[[System], list[str]]) -> None:
    """The same requests get the same answers from the monolith and from the services."""
    expected, found = at_once([partial(conversation, monolith), partial(conversation, system)])

    assert found == expected


@pytest.mark.after("test_orders_answers_for_orders")
def test_illegal_moves_are_refused(illegal_moves: Callable[[], dict[str, int]]) -> None:
    """Every status move that the contract does not allow is answered with 409."""
    answers = illegal_moves()

    assert {move: code for move, code in answers.items() if code != 409} == {}


@pytest.mark.after("test_orders_answers_for_orders")
def test_the_last_piece_is_sold_once(
    sell_out: Callable[[int], tuple[str, int]],
    walk: Callable[..., list[str]],
    race: Callable[..., list[int]],
    place: Callable[..., Reply],
) -> None:
    """Of two orders for the last piece at the same moment, one gets it and the other is told 409."""
    sku, holder = sell_out(1)
    walk(holder, "cancelled")

    assert race(lambda: place(sku), lambda: place(sku)) == [201, 409]


@pytest.mark.after("test_orders_answers_for_orders")
def test_cancelling_gives_the_pieces_back(
    sell_out: Callable[[int], tuple[str, int]], walk: Callable[..., list[str]], place: Callable[..., Reply]
) -> None:
    """What a cancelled order had reserved can be bought again, and not one piece more."""
    sku, holder = sell_out(3)
    walk(holder, "cancelled")

    assert [place(sku, pieces).status_code for pieces in (4, 3, 1)] == [409, 201, 409]


@ALONE
@pytest.mark.usefixtures("neighbours")
def test_orders_lives_alone(
    system: System, place: Callable[..., Reply], skus: list[str], walk: Callable[..., list[str]]
) -> None:
    """With nobody of yours running but `orders`, an order is placed and goes from created to delivered."""
    order = place(skus[0], 3)["id"]

    assert walk(order, "paid", "shipped", "delivered") == ["paid", "shipped", "delivered"]
    assert system.calls


@ALONE
@pytest.mark.usefixtures("neighbours")
def test_orders_computes_the_price(
    system: System, prices: dict[str, int], place: Callable[..., Reply], skus: list[str]
) -> None:
    """The price comes from the catalogue and the discount from `orders`, whatever the caller claims."""
    claims = {"discount_cents": 900, "total_cents": 1, "unit_price_cents": 1}
    order = place(skus[0], 2, discount_code="SPRING25", **claims)

    assert system.calls
    assert order["total_cents"] == 2 * prices[skus[0]] - 2 * prices[skus[0]] * 25 // 100


@pytest.mark.after("test_orders_answers_for_orders")
def test_an_order_costs_few_questions(
    system: System, orders: Role, place: Callable[..., Reply], skus: list[str]
) -> None:
    """Placing an order asks the shop at most three things: user, products, points; and the shop asks nothing back."""
    place(skus[0]).json["id"]

    assert 1 <= len(system.calls) <= 3
    assert [call.request for call in orders.calls] == []


def test_the_wide_endpoint_is_gone(orders: Role, shop: Role, buyer: int) -> None:
    """Nobody answers for orders, addresses and points in one any more."""
    assert shop.get(f"/users/{buyer}/dashboard").status_code == 404
    assert orders.get(f"/users/{buyer}/dashboard").status_code == 404


@pytest.mark.after("test_orders_answers_for_orders")
def test_each_keeps_to_its_own_tables(system: System, errand: Callable[[], dict[str, int]]) -> None:
    """With a database role for each service that sees its own tables only, everything still works."""
    with system.confined():
        answers = errand()

    assert {asked: code for asked, code in answers.items() if code not in (200, 201)} == {}


@ALONE
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_a_silent_shop_stores_nothing(
    system: System, orders: Role, place: Callable[..., Reply], skus: list[str]
) -> None:
    """When the shop falls silent half way, the order is refused with 503, and nothing of it is kept."""
    before = orders.get("/orders")["total"]
    system.owner("POST", "/users/1/points").resets(when="POST /users/")
    refused = place(skus[0])

    assert refused.status_code == 503
    assert orders.get("/orders")["total"] == before


@pytest.mark.contract("orders")
@pytest.mark.after("test_orders_answers_for_orders")
def test_replies_keep_the_contract(departures: Callable[..., list[str]], known: dict[str, object]) -> None:
    """Whatever is sent to `orders`, sensible or not, its replies are the ones that openapi.yaml describes."""
    found = departures(known)

    assert found == []
