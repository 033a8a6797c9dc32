"""Orders lives on while users does not: it reads without the nickname, and takes no order that it cannot vouch for."""

from collections.abc import Awaitable, Callable

import httpx

from services.orders.tests.world import basket

Stocked = Callable[[int], Awaitable[str]]

FOR_GOOD = 100


async def test_an_order_is_read_without_its_nickname(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, users_in_trouble: list[int]
) -> None:
    """Who bought it is decoration; what was bought is not."""
    order = (await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))).json()
    users_in_trouble += [503] * FOR_GOOD

    read = await orders.get(f"/orders/{order['id']}")

    assert read.json() == {**order, "nickname": None}


async def test_a_short_trouble_is_not_noticed(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, users_in_trouble: list[int]
) -> None:
    """What fails twice and then succeeds has succeeded."""
    users_in_trouble += [503, 500]

    placed = await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))

    assert placed.json()["nickname"] == "Ada"


async def test_a_refusal_is_not_asked_again(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, users_in_trouble: list[int]
) -> None:
    """There is no such customer, and there will be none in a moment."""
    users_in_trouble += [404]

    placed = await orders.post("/orders", json=basket(buyer, {await stocked(1): 1}))

    assert placed.status_code == 422


async def test_without_users_there_is_no_order(
    orders: httpx.AsyncClient, buyer: int, stocked: Stocked, users_in_trouble: list[int]
) -> None:
    """The client is told when to come back, and then the piece is still there."""
    last = basket(buyer, {await stocked(1): 1})
    users_in_trouble += [503] * FOR_GOOD
    refused = await orders.post("/orders", json=last)
    users_in_trouble.clear()

    again = await orders.post("/orders", json=last)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert again.status_code == 201
