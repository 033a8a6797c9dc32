"""Lab 00: the Bazaar as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checker import Reply, Role, System


def test_the_shop_opens(shop: Role) -> None:
    """The shop starts, and lists its products."""
    products = shop.get("/products")

    assert products.status_code == 200
    assert len(products.json) >= 10


@pytest.mark.after("test_the_shop_opens")
def test_an_order_runs_through_it(system: System, buyer: int, order: Reply) -> None:
    """An order earns its points, and is paid once its payment is captured."""
    payment = system.post("/payments", json={"order_id": order["id"], "channel": "card"})
    system.post("/payments/callback", json={"payment_id": payment["id"], "result": "captured"})

    assert system.get(f"/orders/{order['id']}")["status"] == "paid"
    assert system.get(f"/users/{buyer}/points")["points"] == order["total_cents"] // 100


@pytest.mark.after("test_the_shop_opens")
def test_one_endpoint_knows_everything(shop: Role, buyer: int, order: Reply) -> None:
    """One endpoint knows a user's orders, addresses and points at once: this is what will have to go."""
    dashboard = shop.get(f"/users/{buyer}/dashboard")

    assert [dashboard["orders"][0]["id"], dashboard["addresses"][0]["city"]] == [order["id"], "Chengdu"]
    assert dashboard["points"] == order["total_cents"] // 100


@pytest.mark.contract("shop")
@pytest.mark.after("test_the_shop_opens")
def test_it_keeps_its_contract(departures: Callable[..., list[str]], known: dict[str, object]) -> None:
    """Whatever is sent to the shop, sensible or not, its replies are the ones that openapi.yaml describes."""
    found = departures(known)

    assert found == []
