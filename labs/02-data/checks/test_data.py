"""Lab 02: each service has its own data, moves it, migrates it, and is tested alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from checker import OTHERS, Databases, Reply, Role, System

Orders = Sequence[dict[str, Any]]

ORDERS_ALONE = pytest.mark.system(only=["orders"], standins=[OTHERS])
"""Only `orders` runs; its neighbours are stand-ins."""
SHOP_ALONE = pytest.mark.system(only=["shop"], standins=[OTHERS])
"""Only `shop` runs; its neighbours are stand-ins."""
BOTH_VERSIONS = pytest.mark.system(only=["orders", "orders@before"], standins=[OTHERS])
"""`orders` as it is now and as it was before this lab, on one database; their neighbours are stand-ins."""


def test_credentials_open_one_door_only(doors: Callable[[], tuple[dict[str, str], dict[str, str]]]) -> None:
    """Each service's login opens its own database, and is refused in every other."""
    own, others = doors()

    assert own == dict.fromkeys(own, "opens")
    assert others == dict.fromkeys(others, "refused")


def test_nobody_can_do_more(powers: Callable[[], list[str]]) -> None:
    """No login can create databases or roles, act for somebody else, or reach another's data by another way."""
    found = powers()

    assert found == []


@ORDERS_ALONE
@pytest.mark.usefixtures("neighbours")
def test_orders_works_without_shops_database(
    system: System,
    databases: Databases,
    place: Callable[..., Reply],
    walk: Callable[..., list[str]],
    sku: str,
    stranger: int,
) -> None:
    """While the shop's database is down, `orders` takes an order and brings it from created to delivered."""
    with databases.given("shop").down():
        order = place(sku, 2, buyer=stranger)["id"]
        said = walk(order, "paid", "shipped", "delivered")

    assert said == ["paid", "shipped", "delivered"]
    assert system.calls


@SHOP_ALONE
def test_shop_works_without_orders_database(
    shop: Role, an_order: dict[str, Any], shown: list[str], databases: Databases
) -> None:
    """While the orders' database is down, the shop shows who and what there is, and takes a payment."""
    with databases.given("orders").down():
        payment = shop.post("/payments", json={"order_id": an_order["id"], "channel": "card"})
        told = shop.post("/payments/callback", json={"payment_id": payment["id"], "result": "captured"})
        seen = {shop.get(path).status_code for path in shown}

    assert [payment.status_code, told.status_code, *seen] == [201, 200, 200]


@pytest.mark.fresh
def test_every_order_has_moved_once(
    before: Callable[[], Orders], after_moving_again: Callable[[Orders], list[str]], undone: Callable[[], list[str]]
) -> None:
    """Every order of the old system has moved, none of them twice; and moving again undoes nothing."""
    found = after_moving_again(before())

    assert found == []
    assert undone() == []


@pytest.mark.after("test_every_order_has_moved_once")
def test_late_orders_move_too(late_orders: Callable[[], tuple[list[int], list[int], int]]) -> None:
    """What the old version sells while the move runs is there once it has run again, and its pieces are gone."""
    placed, found, one_more = late_orders()

    assert found == placed
    assert one_more == 409


def test_migrations_go_down_and_up(down_and_up: Callable[[], list[str]]) -> None:
    """Each migration goes down, and up again to the same tables, until nothing is left to go down to."""
    found = down_and_up()

    assert found == []


@pytest.mark.after("test_credentials_open_one_door_only")
def test_drift_is_noticed(drift: Callable[[str], int], vandal: str) -> None:
    """`orders-drift` is silent about what the migrations made, and exits with 1 when somebody changed it by hand."""
    found = drift(""), drift(vandal)

    assert found == (0, 1)


@pytest.mark.after("test_credentials_open_one_door_only")
def test_replicas_migrate_once(replicas: Callable[[], tuple[list[int], list[str]]]) -> None:
    """Two replicas that start on one empty database at the same moment both succeed, and migrate it once."""
    codes, different = replicas()

    assert codes == [0, 0]
    assert different == []


@BOTH_VERSIONS
@pytest.mark.fresh
@pytest.mark.usefixtures("neighbours")
def test_old_and_new_run_together(side_by_side: Callable[[], list[str]]) -> None:
    """On one database, the old version of `orders` and the new one take, show and move each other's orders."""
    found = side_by_side()

    assert found == []


def test_tests_pass_alone(tests_alone: Callable[[], list[str]]) -> None:
    """`orders-test` and `shop-test` pass with a database of their own, and nobody else there."""
    found = tests_alone()

    assert found == []


@pytest.mark.after("test_tests_pass_alone")
def test_tests_find_planted_bugs(unnoticed: Callable[[], list[str]]) -> None:
    """Each service's tests turn red when a confirmed write is lost, a value is altered, or a row is left out."""
    found = unnoticed()

    assert found == []
