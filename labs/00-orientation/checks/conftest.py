"""The world of lab 00: the monolith, untouched."""

from __future__ import annotations

import random

import pytest

from checker import Reply, System

SCARCE = {"RUG-001", "DESK-001", "CHAIR-001", "LAMP-001", "TEA-002", "BOWL-002"}
"""Products that are sold out, or nearly."""


@pytest.fixture
def buyer(system: System, rng: random.Random) -> int:
    """A new user of the shop; the id."""
    name = f"buyer-{rng.getrandbits(48):x}"
    uid: int = system.post("/users", json={"nickname": name, "email": f"{name}@example.com"})["id"]
    return uid


@pytest.fixture
def product(system: System, rng: random.Random) -> Reply:
    """One of the shop's products of which there are enough, drawn by the seed."""
    there = {product["sku"] for product in system.get("/products").json} - SCARCE
    return system.get(f"/products/{rng.choice(sorted(there))}")


@pytest.fixture
def order(system: System, buyer: int, product: Reply) -> Reply:
    """A new order of one piece."""
    return new_order(system, buyer, product)


@pytest.fixture
def known(order: Reply, buyer: int, product: Reply, system: System) -> dict[str, object]:
    """A value for each parameter and field of the contract that must name something real."""
    unpaid = new_order(system, buyer, product)["id"]
    payment = system.post("/payments", json={"order_id": new_order(system, buyer, product)["id"], "channel": "card"})[
        "id"
    ]
    return {
        "id": order["id"],
        "uid": buyer,
        "user_id": buyer,
        "sku": product["sku"],
        "quantity": 1,
        "discount_code": "FIVER",
        "status": "paid",
        "nickname": "known",
        "email": f"known-{buyer}@example.com",
        "POST /payments": {"order_id": unpaid, "channel": "card"},
        "POST /payments/callback": {"payment_id": payment, "result": "captured"},
    }


def new_order(system: System, uid: int, product: Reply) -> Reply:
    """Order one piece."""
    address = {
        "recipient": "Li Wei",
        "street": "Kehua North Road 12",
        "city": "Chengdu",
        "postcode": "610041",
        "country": "CN",
    }
    return system.post(
        "/orders", json={"user_id": uid, "lines": [{"sku": product["sku"], "quantity": 1}], "address": address}
    )
