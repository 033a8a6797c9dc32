"""The world of lab 03: orders alone, with neighbours that are played and can be broken; or everybody, for what must add up."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest

from checker import Asked, NoReply, Reply, Role, System, at_once, until

BEYOND = 2_000_000_000
"""An id that nobody has."""

SLACK = 0.9
"""Seconds that an answer may come later than its budget, for all that is not waiting; three times the budget is more than that."""

SLOW = 0.45
"""Seconds that users takes where it is slow: not so long that who asks gives up, with half of the budget for an attempt."""

FAULTS: dict[str, Callable[[Role], object]] = {
    "hangs": lambda users: users.hangs(),
    "resets": lambda users: users.resets(),
    "answers 503": lambda users: users.answers(503),
    "sends half a body": lambda users: users.sends_half_a_body(),
    "sends no HTTP": lambda users: users.sends_garbage(),
    "sends another body": lambda users: users.answers(200, {"is this": "what was asked for?"}),
}
"""All that users can do wrong."""

CROWD = 25
"""Who read orders while users hangs: more than a pool of connections has, and as many as may call at once."""

TWELVE = 12
"""How many read at once where CALLS_AT_ONCE is less, or where only one may call."""

QUICK = 0.05
"""Seconds that are no time at all: who answers sooner is not compared with himself; on a busy machine that is chance."""

ASKING = 5
"""How many ask at once for what is measured: as many connections as a pool keeps open."""

Place = Callable[..., Reply]


# Who asks, and for what


@pytest.fixture
def buyer(rng: random.Random) -> int:
    """Somebody whom only the stand-in knows; the id."""
    return rng.randrange(1_000_000, 2_000_000)


@pytest.fixture
def sku(rng: random.Random) -> str:
    """A product of which there is enough."""
    return rng.choice(["CANDLE-001", "BAG-001", "TOWEL-001"])


@pytest.fixture
def key(rng: random.Random) -> str:
    """An idempotency key that nobody has used."""
    return f"{rng.getrandbits(64):016x}"


@pytest.fixture
def basket(rng: random.Random, buyer: int, sku: str) -> dict[str, Any]:
    """What somebody wants to order."""
    return a_basket(rng, buyer, sku)


def a_basket(rng: random.Random, buyer: int, sku: str, quantity: int = 1) -> dict[str, Any]:
    """The body of an order."""
    address = {
        "recipient": "Niamh Byrne",
        "street": f"Grand Parade {rng.randrange(1, 200)}",
        "city": "Cork",
        "postcode": "T12 XH6K",
        "country": "IE",
    }
    return {"user_id": buyer, "lines": [{"sku": sku, "quantity": quantity}], "address": address}


@pytest.fixture
def place(orders: Role, basket: dict[str, Any]) -> Place:
    """Send the basket: ``place()``, with a key ``place("k")``, or changed ``place("k", user_id=7)``; ``timeout``: seconds."""

    def placed(key: str = "", *, timeout: float = 10.0, **changed: Any) -> Reply:
        headers = {"Idempotency-Key": key} if key else {}
        return orders.post("/orders", json={**basket, **changed}, headers=headers, timeout=timeout)

    return placed


@pytest.fixture
def ordered(place: Place) -> Callable[[int], int]:
    """Let a customer order; the id. The first orders of a new process may take longer than its budget."""

    def made(customer: int) -> int:
        reply = until(lambda: good(place(user_id=customer)), within=3.0) or place(user_id=customer)
        number: int = reply["id"]
        return number

    return made


def good(reply: Reply) -> Reply | None:
    """Return an answer that says an order was made."""
    return reply if reply.status_code == 201 else None


@pytest.fixture
def order(ordered: Callable[[int], int], buyer: int) -> int:
    """An order that is there already; the id."""
    return ordered(buyer)


@pytest.fixture
def nobody() -> int:
    """A customer whom users does not know; the id."""
    return BEYOND


@pytest.fixture
def total(orders: Role) -> Callable[[], int]:
    """How many orders there are."""
    return lambda: orders.get("/orders?limit=1")["total"]


# Neighbours that are played


@pytest.fixture
def prices(rng: random.Random) -> int:
    """What everything costs, in cents."""
    return rng.randrange(1_000, 20_000)


@pytest.fixture
def neighbours(system: System, prices: int) -> None:
    """Whoever is a neighbour of `orders`, played by stand-ins that know everything, and everybody but BEYOND."""
    system.plays("GET", "/users/{uid}", lambda ask: a_user(ask.path["uid"]))
    system.plays("GET", "/users", lambda ask: [a_user(uid) for uid in ask.query["id"] if int(uid) != BEYOND])
    system.plays("GET", "/products/{sku}", lambda ask: a_product(ask.path["sku"], prices))
    system.plays("GET", "/products", lambda ask: [a_product(sku, prices) for sku in ask.query.get("sku", [])])
    system.plays("POST", "/users/{uid}/points", points_added)


@pytest.fixture
def users_grow(system: System) -> Callable[[], None]:
    """Let users answer with more than it did: a field for each user, and another one for points."""

    def grown() -> None:
        system.plays("GET", "/users/{uid}", lambda ask: {**a_user(ask.path["uid"]), "birthday": "1815-12-10"})
        system.plays("GET", "/users", lambda ask: [{**a_user(uid), "birthday": None} for uid in ask.query["id"]])
        system.plays("POST", "/users/{uid}/points", lambda ask: {**points_added(ask), "expires_at": None})

    return grown


@pytest.fixture
def users_lose_a_field(system: System) -> Callable[[], None]:
    """Let users answer without the nickname, which the contract promises."""

    def lost() -> None:
        system.plays("GET", "/users/{uid}", lambda ask: nameless(ask.path["uid"]))
        system.plays("GET", "/users", lambda ask: [nameless(uid) for uid in ask.query["id"]])

    return lost


def a_user(uid: str) -> dict[str, Any]:
    """A user as the contract shows one. Raises LookupError, a 404, for whom nobody knows."""
    if int(uid) == BEYOND:
        raise LookupError(f"user {uid}")
    return {"id": int(uid), "nickname": f"nick-{uid}", "email": f"{uid}@example.com"}


def nameless(uid: str) -> dict[str, Any]:
    """A user without a nickname."""
    return {"id": int(uid), "email": f"{uid}@example.com"}


def a_product(sku: str, price: int) -> dict[str, Any]:
    """A product as the contract shows one."""
    return {"sku": sku, "name": f"Product {sku}", "description": "", "price_cents": price}


def points_added(ask: Asked) -> dict[str, int]:
    """What users says when points were added."""
    return {"user_id": int(ask.path["uid"]), "points": ask.json["points"]}


# While something is wrong


def budget(orders: Role) -> float:
    """Return the seconds that an answer of orders has for its neighbours."""
    return int(orders.service.environment["CALL_BUDGET_MS"]) / 1000


def outcome(orders: Role, request: str, **content: Any) -> object:
    """Ask for an order ("GET /orders/1"), or for some, within the budget; the status and the nickname, or what came instead."""
    limit = budget(orders) + SLACK
    try:
        reply = orders.request(*request.split(" "), timeout=limit, **content)
    except NoReply:
        return f"no answer within {limit:g} s"
    if reply.status_code != 200:
        return reply.status_code, reply.text[:80]
    return 200, reply["items", 0, "nickname"] if "items" in reply else reply["nickname"]


@pytest.fixture
def read_while_users(
    orders: Role, users: Role, ordered: Callable[[int], int], buyer: int
) -> Callable[[], dict[str, object]]:
    """Read an order, list it and move it on, all at once, while users does each of the things it can do wrong; what came, by fault.

    Each time it is another customer's: who remembers nicknames has no reason to ask for the same one again.
    """

    def read() -> dict[str, object]:
        found: dict[str, object] = {}
        for customer, (fault, switch) in enumerate(FAULTS.items(), start=buyer):
            order = ordered(customer)
            requests = {
                fault: partial(outcome, orders, f"GET /orders/{order}"),
                f"{fault}, and it is listed": partial(outcome, orders, f"GET /orders?user_id={customer}"),
                f"{fault}, and it is paid": partial(
                    outcome, orders, f"PATCH /orders/{order}/status", json={"status": "paid"}
                ),
            }
            switch(users)
            found |= dict(zip(requests, at_once(list(requests.values())), strict=True))
            users.heals()
        return found

    return read


@pytest.fixture
def refused(
    orders: Role, users: Role, shop: Role, ordered: Callable[[int], int], place: Place, buyer: int
) -> Callable[[], dict[str, object]]:
    """Send two orders at once while the shop says nothing, and users is slow for one of them; what was answered.

    Both have the same time: one that gets users' time on top is later than the other, on whatever machine.
    """
    limit = budget(orders) + 2 * SLACK

    def sent() -> dict[str, object]:
        ordered(buyer)
        users.delays(SLOW, only=1)
        shop.edges["orders"].hangs()  # on the edge itself: who has given up on users need not meet it
        answers = at_once([partial(place, user_id=customer, timeout=limit) for customer in (buyer, buyer + 1)])
        one, other = (answer.elapsed for answer in answers)
        return {
            "answers": [answer.status_code for answer in answers],
            "later where users was slow": abs(one - other) > SLOW / 2,
        }

    return sent


@pytest.fixture
def hits(orders: Role, users: Role, order: int, place: Place) -> Callable[[], dict[str, int]]:
    """Ask orders while users answers 503; how often users was asked, by request."""

    def counted() -> dict[str, int]:
        users.answers(503)
        asked: dict[str, Callable[[], object]] = {
            "GET /orders/{id}": lambda: orders.get(f"/orders/{order}"),
            "GET /orders": lambda: orders.get("/orders?limit=5"),
            "POST /orders": place,
        }
        return {request: grown(users, ask) for request, ask in asked.items()}

    return counted


def grown(users: Role, ask: Callable[[], object]) -> int:
    """Return how many calls of users' one request costs."""
    before = len(users.calls)
    ask()
    return len(users.calls) - before


@pytest.fixture
def cost_of_listing(orders: Role, users: Role) -> Callable[[int], tuple[int, list[str]]]:
    """List so many orders: how often users is asked, and the nicknames that are missing or another's."""

    def listed(limit: int) -> tuple[int, list[str]]:
        before = len(users.calls)
        items = orders.get(f"/orders?limit={limit}")["items"]
        wrong = [
            f"order {item['id']}: {item['nickname']!r}"
            for item in items
            if item["nickname"] != f"nick-{item['user_id']}"
        ]
        return len(users.calls) - before, wrong or ([] if len(items) == limit else [f"{len(items)} orders"])

    return listed


@pytest.fixture
def slowdown(orders: Role, users: Role, order: int) -> Callable[[], dict[str, float]]:
    """How many times longer requests take that users has no part in, while a crowd reads orders and users hangs."""

    def measured() -> dict[str, float]:
        paths = {"GET /health": "/health", "an order that is not there": f"/orders/{BEYOND}"}
        before = {name: min(median(orders, path) for _ in range(3)) for name, path in paths.items()}
        hanging = users.edges["orders"].hangs()
        with crowd(orders, order):
            # Who needs more connections than there are never gets there.
            until(lambda: hanging.met >= CROWD, within=3.0)
            during = {name: median(orders, path) for name, path in paths.items()}
            users.heals()
        return {name: during[name] / max(before[name], QUICK) for name in paths}

    return measured


def median(orders: Role, path: str) -> float:
    """Return the median of what a request takes when many ask at once, in seconds: one who is stuck lets none pass by."""
    replies = at_once([partial(orders.get, path, timeout=20.0)] * ASKING)
    return statistics.median(reply.elapsed for reply in replies)


@contextmanager
def crowd(orders: Role, order: int) -> Iterator[None]:
    """Let a crowd read an order, all at once; after this, all have their answers."""
    with ThreadPoolExecutor(max_workers=CROWD) as pool:
        reading = [pool.submit(partial(orders.get, f"/orders/{order}", timeout=30.0)) for _ in range(CROWD)]
        yield
        for one in reading:
            one.exception()


@pytest.fixture
def at_a_time(
    orders: Role, users: Role, order: int, ordered: Callable[[int], int], buyer: int
) -> Callable[[], tuple[int, list[object]]]:
    """Let twelve read an order while users holds every question: how many it holds; then lets go: what the twelve got."""
    room = int(orders.service.environment["CALLS_AT_ONCE"])

    def counted() -> tuple[int, list[object]]:
        # So that all connections are there; another customer's, for who remembers nicknames would not ask again.
        at_once([partial(outcome, orders, f"GET /orders/{ordered(buyer + 1)}")] * TWELVE)
        before = len(users.calls)
        held = users.edges["orders"].hold()
        with ThreadPoolExecutor(max_workers=TWELVE) as pool:
            read = [pool.submit(outcome, orders, f"GET /orders/{order}") for _ in range(TWELVE)]
            began = time.monotonic()
            until(lambda: held.met >= room, within=3.0)
            # The others would be there as soon as these.
            until(lambda: held.met >= TWELVE, within=min(3.0, max(0.25, 5 * (time.monotonic() - began))))
            most = held.met - (len(users.calls) - before)  # who gave up has called, and does no more
            held.release()
            return most, [one.result() for one in read]

    return counted


@pytest.fixture
def read_in_line(orders: Role, users: Role, order: int) -> Callable[[], list[object]]:
    """Let several read an order while users hangs, and only one may call; what they got."""

    def read() -> list[object]:
        users.hangs()
        return at_once([partial(outcome, orders, f"GET /orders/{order}")] * ASKING)

    return read


@pytest.fixture
def who_tries(orders: Role, users: Role, order: int) -> Callable[[], tuple[int, list[int]]]:
    """Let the breaker open, and twelve read an order while one call tries users: how many try; what the twelve got."""
    path = f"/orders/{order}"

    def counted() -> tuple[int, list[int]]:
        users.answers(503)
        for _ in range(3):
            orders.get(path)
        users.heals()
        held = users.edges["orders"].hold()
        with ThreadPoolExecutor(max_workers=TWELVE + 1) as pool:
            pool.submit(until, lambda: orders.get(path)["nickname"], within=5.0)
            until(lambda: held.met, within=5.0)
            read = [pool.submit(orders.get, path) for _ in range(TWELVE)]
            # Shorter than an attempt lasts: who gives up may try again.
            until(lambda: held.met > 1 or all(one.done() for one in read), within=1.0)
            tried = held.met
            held.release()
            return tried, [one.result().status_code for one in read]

    return counted


# Once is enough


@pytest.fixture
def lost_answer(system: System, place: Place, key: str, total: Callable[[], int]) -> Callable[[], Reply]:
    """Send an order, hang up while orders asks for prices, and send it again once it is there; the second answer."""
    prices = system.owner("GET", "/products").edges["orders"]

    def again() -> Reply:
        before, held = total(), prices.hold()
        with suppress(NoReply):
            place(key, timeout=0.3)
        held.release()
        until(lambda: total() > before, within=2.0, every=0.02)
        return place(key)

    return again


@pytest.fixture
def twins(system: System, place: Place, key: str) -> Callable[[], list[Reply]]:
    """Send one order twice at the same moment, with one key: both are held at the shop until both are there."""

    def sent() -> list[Reply]:
        with system.owner("GET", "/products").held(2, within=0.5):
            return at_once([partial(place, key)] * 2)

    return sent


@pytest.fixture
def start_anew(orders: Role) -> Callable[[], None]:
    """Kill orders, and start it again."""

    def started() -> None:
        orders.service.kill()
        orders.service.restart()
        orders.service.await_ready()

    return started


# Everybody


@pytest.fixture
def buyer_of_theirs(users: Role, rng: random.Random) -> int:
    """A customer whom the learner's users knows, without any points yet; the id."""
    name = f"buyer-{rng.getrandbits(48):x}"
    uid: int = users.post("/users", json={"nickname": name, "email": f"{name}@example.com"})["id"]
    return uid


@pytest.fixture
def spend(orders: Role, rng: random.Random, buyer_of_theirs: int, sku: str) -> Callable[[], Reply]:
    """Let this customer order something."""
    return lambda: orders.post("/orders", json=a_basket(rng, buyer_of_theirs, sku, 2))
