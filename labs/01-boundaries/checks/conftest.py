"""The world of lab 01: shop and orders on one database; helpers that arrange it through the contract alone."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from checker import Asked, Reply, Role, Stage, System, at_once

STATUSES = ("created", "paid", "shipped", "delivered", "cancelled")
LEGAL = {
    ("created", "paid"),
    ("created", "cancelled"),
    ("paid", "shipped"),
    ("paid", "cancelled"),
    ("shipped", "delivered"),
}

CUSTOMERS = range(1, 41)
"""Who is in the database from the beginning: in this lab an order may still have a foreign key on them."""

NEARLY_GONE = {1: {"DESK-001": 1, "CHAIR-001": 2}, 3: {"LAMP-001": 3, "TEA-002": 5, "BOWL-002": 7}}
"""Products of which the shop has only a few pieces left, and how many: at least one of them, and at least three."""

SCARCE = {"RUG-001", "CLOCK-001", "KETTLE-001", "LAMP-002", "PAN-001", *NEARLY_GONE[1], *NEARLY_GONE[3]}
"""What the other checks leave alone."""

BEYOND = 2_000_000_000
"""An id that nobody has."""

MASKED_IDS = {"id", "user_id", "order_id", "payment_id"}
MASKED_TEXT = {
    "created_at": "some time",
    "detail": "some words",
    "title": "some words",
    "instance": "somewhere",
    "type": "some kind",
}
"""What may differ between two systems that a client cannot tell apart."""

Order = Callable[..., Reply]


@pytest.fixture
def buyer(system: System, rng: random.Random) -> int:
    """A new user of the shop; the id."""
    return new_buyer(system, rng)


@pytest.fixture
def skus(monolith: System, stage: Stage, rng: random.Random) -> list[str]:
    """The products of which there are enough, in an order drawn by the seed."""
    there = stage.once("skus", lambda: shelf(monolith, rng))
    return rng.sample(there, len(there))


@pytest.fixture
def place(system: System, buyer: int, rng: random.Random) -> Order:
    """Place an order at its owner: ``place("SKU-1", 2, discount_code=...)``."""

    def order(sku: str, quantity: int = 1, **more: Any) -> Reply:
        return system.post("/orders", json=an_order(rng, buyer, sku, quantity, **more))

    return order


@pytest.fixture
def sell_out(place: Order, rng: random.Random) -> Callable[[int], tuple[str, int]]:
    """Sell a product down to nothing: ``sell_out(3)`` → (its sku, the order that holds 3 of its pieces)."""

    def emptied(pieces: int) -> tuple[str, int]:
        sku, there = rng.choice(list(NEARLY_GONE[pieces].items()))
        holder = place(sku, pieces)["id"]
        if there > pieces:
            place(sku, there - pieces)
        return sku, holder

    return emptied


@pytest.fixture
def walk(system: System) -> Callable[..., list[str]]:
    """Move an order on: ``walk(order, "paid", "shipped")`` → the status it said it had after each move."""

    def walked(order: int, *statuses: str) -> list[str]:
        return [system.patch(f"/orders/{order}/status", json={"status": status})["status"] for status in statuses]

    return walked


@pytest.fixture
def race(shop: Role) -> Callable[..., list[int]]:
    """Do two things at the same moment: both are held at the shop until both are there. The status codes, sorted."""

    def raced(*calls: Callable[[], Reply]) -> list[int]:
        with shop.held(len(calls), within=1.0):
            return sorted(reply.status_code for reply in at_once(calls))

    return raced


@pytest.fixture
def illegal_moves(system: System, place: Order, skus: list[str]) -> Callable[[], dict[str, int]]:
    """Try every move the contract forbids, wherever an order can be; what was answered, by move."""

    def tried() -> dict[str, int]:
        one, other = (reply["id"] for reply in at_once([partial(place, skus[0])] * 2))
        answers: dict[str, int] = {}
        way = [(one, "created"), (one, "paid"), (one, "shipped"), (one, "delivered"), (other, "cancelled")]
        for order, status in way:
            if status != "created":
                assert move(system, order, status) == 200
            forbidden = [new for new in STATUSES if (status, new) not in LEGAL]
            codes = at_once([partial(move, system, order, new) for new in forbidden])
            answers |= {f"{status} → {new}": code for new, code in zip(forbidden, codes, strict=True)}
            if set(answers.values()) != {409}:
                break  # wherever that order is now, it is not where it should be
        return answers

    return tried


@pytest.fixture
def errand(system: System, buyer: int, place: Order, skus: list[str]) -> Callable[[], dict[str, int]]:
    """Let a buyer do all that touches a table, once; what was answered, by request."""

    def done() -> dict[str, int]:
        order = place(skus[0], 2, discount_code="WELCOME10")
        payment = system.post("/payments", json={"order_id": order["id"], "channel": "paypal"})
        said = [
            order,
            payment,
            system.post("/payments/callback", json={"payment_id": payment["id"], "result": "failed"}),
            *at_once([partial(system.get, path) for path in seen(order["id"], buyer)]),
        ]
        return {reply.asked: reply.status_code for reply in said}

    return done


def seen(order: int, buyer: int) -> list[str]:
    """Where an order and its points are seen."""
    return [f"/orders/{order}", f"/orders?user_id={buyer}", f"/users/{buyer}/points"]


@pytest.fixture
def known(place: Order, buyer: int, skus: list[str]) -> dict[str, object]:
    """What there is in the system: a value for each parameter and field of the contract that must name something real."""
    one, other = (reply["id"] for reply in at_once([partial(place, skus[0])] * 2))
    return {
        "id": one,
        "user_id": buyer,
        "sku": skus[0],
        "quantity": 1,
        "discount_code": "FIVER",
        "status": "paid",
        "POST /orders/{id}/payment": {"id": other, "payment_id": 1, "result": "captured"},
    }


@pytest.fixture
def prices(skus: list[str], rng: random.Random) -> dict[str, int]:
    """A price in cents for each product, drawn by the seed: not the ones in any database."""
    return {sku: rng.randrange(1_000, 20_000) for sku in skus}


@pytest.fixture
def neighbours(system: System, prices: dict[str, int], rng: random.Random) -> None:
    """Whoever is a neighbour of `orders`, played by stand-ins that know every user and these prices, and nothing of orders."""
    system.plays("POST", "/users", lambda ask: {"id": rng.choice(CUSTOMERS), **ask.json}, status=201)
    system.plays("GET", "/users/{uid}", lambda ask: a_user(ask.path["uid"]))
    system.plays("GET", "/users", lambda ask: [a_user(uid) for uid in ask.query["id"]])
    system.plays("GET", "/products/{sku}", lambda ask: a_product(ask.path["sku"], prices))
    system.plays("GET", "/products", lambda ask: [a_product(sku, prices) for sku in ask.query.get("sku", prices)])
    system.plays("POST", "/users/{uid}/points", points_added)


@pytest.fixture
def conversation(stage: Stage) -> Callable[[System], list[str]]:
    """Hold one conversation with a system; what it answered, a line each, with ids and times masked."""

    def held(system: System) -> list[str]:
        return hold(system, stage.rng("conversation"))

    return held


def hold(system: System, rng: random.Random) -> list[str]:
    """Go through what clients do, right and wrong, once."""
    uid = new_buyer(system, rng)
    one, two = shelf(system, rng)[:2]
    said = [
        system.get("/products"),
        system.get(f"/users/{BEYOND}"),
        order := system.post("/orders", json=an_order(rng, uid, one, 2)),
        system.post("/orders", json=an_order(rng, uid, two, 3, discount_code="WELCOME10")),
        system.post("/orders", json=an_order(rng, uid, two, 1, discount_code="NO-SUCH-CODE")),
        system.post("/orders", json=an_order(rng, uid, "NO-SUCH-SKU")),
        system.post("/orders", json=an_order(rng, BEYOND, one)),
        system.post("/orders", json=an_order(rng, uid, one, 0)),
        system.get(f"/orders/{order['id']}"),
        system.get(f"/orders/{BEYOND}"),
        system.get("/orders/not-a-number"),
        system.get(f"/orders?user_id={uid}&limit=1&offset=1"),
        payment := system.post("/payments", json={"order_id": order["id"], "channel": "card"}),
        system.post("/payments/callback", json={"payment_id": payment["id"], "result": "captured"}),
        system.patch(f"/orders/{order['id']}/status", json={"status": "cancelled"}),
        system.patch(f"/orders/{order['id']}/status", json={"status": "nonsense"}),
        system.patch(f"/orders/{BEYOND}/status", json={"status": "paid"}),
        system.get(f"/users/{uid}/points"),
    ]
    return masked(said)


def masked(replies: list[Reply]) -> list[str]:
    """Each reply as a line: request, status, body; ids by the order in which they turned up, no times, no problem prose."""
    seen: dict[tuple[str, int], str] = {}

    def mask(key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: mask(k, v) for k, v in sorted(value.items())}
        if isinstance(value, list):
            return [mask(key, v) for v in value]
        if key in MASKED_IDS and isinstance(value, int):
            kind = "id" if key == "id" else key
            return seen.setdefault((kind, value), f"{kind}-{sum(k == kind for k, _ in seen) + 1}")
        return MASKED_TEXT.get(key, value)

    return [
        f"{re.sub('[0-9]+', '#', reply.asked)} → {reply.status_code} {json.dumps(mask('', reply.json), ensure_ascii=False)}"
        for reply in replies
    ]


def shelf(system: System, rng: random.Random) -> list[str]:
    """The products of which there are enough pieces, shuffled."""
    there = sorted({product["sku"] for product in system.get("/products").json} - SCARCE)
    return rng.sample(there, len(there))


def new_buyer(system: System, rng: random.Random) -> int:
    """Sign a new user up; the id."""
    name = f"buyer-{rng.getrandbits(48):x}"
    uid: int = system.post("/users", json={"nickname": name, "email": f"{name}@example.com"})["id"]
    return uid


def an_order(rng: random.Random, uid: int, sku: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """The body of an order."""
    address = {
        "recipient": "Niamh Byrne",
        "street": f"Grand Parade {rng.randrange(1, 200)}",
        "city": "Cork",
        "postcode": "T12 XH6K",
        "country": "IE",
    }
    return {"user_id": uid, "lines": [{"sku": sku, "quantity": quantity}], "address": address, **more}


def move(system: System, order: int, status: str) -> int:
    """Ask for a move; the status code."""
    return system.patch(f"/orders/{order}/status", json={"status": status}).status_code


def a_user(uid: str) -> dict[str, Any]:
    """A user as the contract shows one."""
    return {"id": int(uid), "nickname": f"nick-{uid}", "email": f"{uid}@example.com"}


def a_product(sku: str, prices: dict[str, int]) -> dict[str, Any]:
    """A product as the contract shows one."""
    return {"sku": sku, "name": f"Product {sku}", "description": "", "price_cents": prices[sku]}


def points_added(ask: Asked) -> dict[str, int]:
    """What the shop says when points were added."""
    return {"user_id": int(ask.path["uid"]), "points": ask.json["points"]}
