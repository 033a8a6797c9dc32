"""The world of lab 04: orders alone with a broker, users alone with a broker, and everybody for what must add up."""

from __future__ import annotations

import json
import random
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
import pytest
import redis

from checker import NoReply, Reply, Role, System, Worker, at_once, until

SOON = 10.0
"""Seconds within which what is to happen in the end has happened, also on a busy machine. Who is quicker is not waited for."""

ORDERS, PAYMENTS, DEAD = "orders.events", "payments.events", "orders.events.dead"

ATTRIBUTES = {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"}
"""What an event consists of."""

PLENTY = ("CANDLE-001", "BAG-001", "TOWEL-001", "CUP-001", "GLASS-001", "SOAP-001")
"""Products of which there is enough."""

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()
"""
"""What lets PostgreSQL refuse an order when it is to be committed, and not before."""

TRIES = 8
"""Attempts after which whoever counts to DELIVERIES has given up, even if each were two."""

SAID = 2.0
"""Seconds that a line needs at the most from a process's log to us."""

LOOKS = 8
"""Statements after which a relay has tried to publish, and then looked again."""

MANY = 1_000
"""More entries than any check tells."""

HOUR = 3_600_000
"""Milliseconds after which everybody takes over what lies there."""

OTHERS_IN_HAND = 11
"""Entries that Redis looks at for one that it is asked for, and one more."""

LAMP, LAMPS = "LAMP-001", 3
"""A product of which there are three."""

Event = dict[str, Any]
Place = Callable[..., Reply]


# The broker, past all taps


class Broker:
    """What a check does with the broker itself: tell events, and read what was told since the check began."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url, decode_responses=True)
        seconds, microseconds = self.client.time()
        self._since = f"{seconds * 1000 + microseconds // 1000}-0"

    def tell(self, stream: str, *events: Event | str) -> None:
        """Put events into a stream, in this order; what is a text goes in as it is."""
        self.put(stream, *({"event": event if isinstance(event, str) else json.dumps(event)} for event in events))

    def put(self, stream: str, *entries: Mapping[str, str]) -> None:
        """Put entries into a stream as they are, in this order."""
        for fields in entries:
            self.client.xadd(stream, {**fields})

    def ages(self, stream: str, group: str, *, but: int = 0) -> None:
        """Let what a group has in hand have lain there for an hour, whoever has it; ``but`` so many, the oldest."""
        for one in self._taken(stream, group)[but:]:
            entry, by = one["message_id"], one["consumer"]
            self.client.xclaim(stream, group, by, 0, [entry], idle=HOUR, justid=True)

    def _taken(self, stream: str, group: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.xpending_range(stream, group, min=self._since, max="+", count=MANY)
        return found

    def entries(self, stream: str) -> list[dict[str, str]]:
        """Return the entries of a stream, oldest first."""
        return [fields for _, fields in self.client.xrange(stream, min=self._since)]

    def told(self, stream: str = ORDERS) -> list[Event]:
        """Return the events of a stream, oldest first."""
        return [an_object(fields.get("event", "")) for fields in self.entries(stream)]

    def told_of(self, kind: str, stream: str = ORDERS) -> Counter[int]:
        """Return how many different events of a type there are, by order."""
        ids = {(event["data"]["order_id"], event["id"]) for event in self.told(stream) if event["type"] == kind}
        return Counter(order for order, _ in ids)

    def waiting(self, stream: str, group: str) -> int:
        """Return how many entries a group has not acknowledged, those included that nobody has read yet."""
        with suppress(redis.ResponseError):
            found = next((one for one in self.client.xinfo_groups(stream) if one["name"] == group), None)
            if found is not None:
                last = found["last-delivered-id"]
                behind = self.client.xrange(stream, min=f"({last}")
                return len(self._taken(stream, group)) + len(behind)
        return len(self.entries(stream))

    def added(self, stream: str) -> int:
        """Return how many entries a stream has ever had; 0 where there is no such stream."""
        with suppress(redis.ResponseError):
            return int(self.client.xinfo_stream(stream)["entries-added"])
        return 0

    def settles(self, stream: str, group: str) -> bool:
        """Wait until a group has acknowledged all there is, for as long as it gets on; whether it came to that."""
        left = self.waiting(stream, group)
        while left and until(lambda: self.waiting(stream, group) < left, within=SOON, every=0.01):  # noqa: B023  (called at once)
            left = self.waiting(stream, group)
        return left == 0


def an_object(text: str) -> Event:
    """Read an entry of a service's; what is no JSON object is that service's fault."""
    found = None
    with suppress(ValueError):
        found = json.loads(text)
    assert isinstance(found, dict), f"an entry's event is no JSON object: {text!r}"
    return found


@pytest.fixture
def broker(system: System) -> Iterator[Broker]:
    """The broker of this system; whoever has ended in an earlier check is there again."""
    for worker in system.workers.values():
        worker.start()
    broker = Broker(system.broker_url)
    yield broker
    broker.client.close()


GROUPS = {"users-events": (ORDERS, "users"), "orders-events": (PAYMENTS, "orders")}
"""What each consumer reads, and as whom."""


@pytest.fixture
def listening(system: System, broker: Broker) -> None:
    """Whoever listens is at work, as far as that shows: there is its group."""
    for name in GROUPS.keys() & system.workers.keys():
        stream, group = GROUPS[name]
        there = until(partial(group_is_there, broker, stream, group), within=SOON, every=0.01)
        assert there, f"{name} has not made its group {group!r} at {stream}"


def group_is_there(broker: Broker, stream: str, group: str) -> bool:
    """Tell whether a consumer has made its group."""
    with suppress(redis.ResponseError):
        return any(one["name"] == group for one in broker.client.xinfo_groups(stream))
    return False


# Events as others would tell them


def an_event(kind: str, number: int, *, version: str = "1.0", event: str = "", **data: Any) -> Event:
    """An event of the contract: ``an_event("OrderCreated", 1000, user_id=7, total_cents=3000)``."""
    source = "/orders" if kind.startswith("Order") else "/payments"
    return {
        "specversion": "1.0",
        "id": event or str(uuid.uuid4()),
        "source": source,
        "type": kind,
        "subject": str(number if source == "/orders" else data["payment_id"]),
        "time": "2026-11-25T08:15:00Z",
        "datacontenttype": "application/json",
        "dataschema": f"/events/{kind}/{version}",
        "data": {"order_id": number, **data},
    }


def created(number: int, buyer: int, cents: int, **more: Any) -> Event:
    """OrderCreated."""
    return an_event("OrderCreated", number, user_id=buyer, total_cents=cents, **more)


def cancelled(number: int, buyer: int, cents: int, **more: Any) -> Event:
    """OrderCancelled."""
    return an_event("OrderCancelled", number, user_id=buyer, total_cents=cents, **more)


def paid(order: Mapping[str, Any], payment: int, *, failed: bool = False) -> Event:
    """PaymentCaptured of an order, or PaymentFailed."""
    kind = "PaymentFailed" if failed else "PaymentCaptured"
    return an_event(kind, order["id"], payment_id=payment, amount_cents=order["total_cents"])


# Who asks, and for what


@pytest.fixture
def numbers(rng: random.Random) -> Callable[[int], list[int]]:
    """Draw so many numbers that nobody has: of orders, payments."""
    return lambda count: rng.sample(range(1_000_000, 2_000_000), count)


@pytest.fixture
def buyer(system: System, rng: random.Random) -> int:
    """A new customer without points; the id."""
    name = f"buyer-{rng.getrandbits(48):x}"
    uid: int = system.post("/users", json={"nickname": name, "email": f"{name}@example.com"})["id"]
    return uid


@pytest.fixture
def place(orders: Role, rng: random.Random, buyer: int) -> Place:
    """Place an order: ``place()``, ``place("LAMP-001", 3)``, ``place(discount_code="WELCOME10")``."""

    def placed(sku: str = "", quantity: int = 1, *, timeout: float = 10.0, **more: str) -> Reply:
        body = a_basket(rng, buyer, sku or rng.choice(PLENTY), quantity)
        return orders.post("/orders", json={**body, **more}, timeout=timeout)

    return placed


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


# Neighbours that are played


@pytest.fixture
def neighbours(system: System, rng: random.Random) -> None:
    """Whoever is a neighbour of `orders`, played by stand-ins that know everybody and everything."""
    price = rng.randrange(1_000, 20_000)
    system.plays("POST", "/users", lambda ask: {"id": rng.randrange(1_000_000, 2_000_000), **ask.json}, status=201)
    system.plays("GET", "/users/{uid}", lambda ask: a_user(ask.path["uid"]))
    system.plays("GET", "/users", lambda ask: [a_user(uid) for uid in ask.query["id"]])
    system.plays("GET", "/products/{sku}", lambda ask: a_product(ask.path["sku"], price))
    system.plays("GET", "/products", lambda ask: [a_product(sku, price) for sku in ask.query.get("sku", [])])


def a_user(uid: str) -> dict[str, Any]:
    """A user as the contract shows one."""
    return {"id": int(uid), "nickname": f"nick-{uid}", "email": f"{uid}@example.com"}


def a_product(sku: str, price: int) -> dict[str, Any]:
    """A product as the contract shows one."""
    return {"sku": sku, "name": f"Product {sku}", "description": "", "price_cents": price}


# orders tells


@pytest.fixture
def untold(orders: Role, broker: Broker, buyer: int) -> Callable[[], list[str]]:
    """Compare the orders of this check with what was told; where they differ, a line each."""

    def compared() -> list[str]:
        new = {order["id"] for order in orders_of(orders, buyer)}
        until(lambda: new <= broker.told_of("OrderCreated").keys(), within=SOON, every=0.01)
        counts = broker.told_of("OrderCreated")
        lines = [f"order {number}: {counts[number]} events tell of it" for number in new if counts[number] != 1]
        nowhere = [number for number in counts.keys() - new if orders.get(f"/orders/{number}").status_code == 404]
        return lines + [f"an event tells of order {number}, which there is not" for number in nowhere]

    return compared


def orders_of(orders: Role, buyer: int) -> list[dict[str, Any]]:
    """Return a customer's orders."""
    found: list[dict[str, Any]] = orders.get(f"/orders?user_id={buyer}&limit=100")["items"]
    return found


@pytest.fixture
def odd(broker: Broker) -> Callable[[Mapping[str, Any]], list[str]]:
    """Wait for the event of an order; in what it is not what the contract says, a line each."""

    def looked_at(order: Mapping[str, Any]) -> list[str]:
        until(lambda: broker.entries(ORDERS), within=SOON, every=0.01)
        entries = broker.entries(ORDERS)
        if [set(entry) for entry in entries] != [{"event"}]:
            return [f"{len(entries)} entries, with the fields {sorted({name for entry in entries for name in entry})}"]
        event = json.loads(entries[0]["event"])
        expected = created(order["id"], order["user_id"], order["total_cents"])
        same = ("specversion", "source", "type", "subject", "datacontenttype", "dataschema", "data")
        lines = [
            f"{name}: {event.get(name)!r}, not {expected[name]!r}" for name in same if event.get(name) != expected[name]
        ]
        lines += [f"{name}: not of the contract" for name in event.keys() - ATTRIBUTES]
        return lines + [f"{name}: {event.get(name)!r}" for name in ("id", "time") if not event.get(name)]

    return looked_at


@pytest.fixture
def asked(orders: Role, users: Role, place: Place, broker: Broker) -> Callable[[], list[str]]:
    """Place an order and cancel it, and see both told; what was asked of users meanwhile that was no mere question."""

    def bought() -> list[str]:
        order = place()["id"]
        orders.patch(f"/orders/{order}/status", json={"status": "cancelled"})["status"]
        until(lambda: writes() or broker.told_of("OrderCancelled")[order], within=SOON, every=0.01)
        return writes()

    def writes() -> list[str]:
        return [call.request for call in users.calls if not call.request.startswith("GET ")]

    return bought


@pytest.fixture
def refused_at_the_end(orders: Role, place: Place) -> Callable[[], Reply]:
    """Place an order whose transaction PostgreSQL refuses to commit; what was answered."""

    def placed() -> Reply:
        with psycopg.connect(orders.database_url, autocommit=True) as connection:
            connection.execute(REFUSE)
            reply = place()
            connection.execute("DROP FUNCTION refuse CASCADE")
        return reply

    return placed


@pytest.fixture
def killed_after_commit(orders: Role, place: Place) -> Callable[[], None]:
    """Kill orders when PostgreSQL has committed an order, and orders has not heard of it; start it again."""

    def killed() -> None:
        held = orders.tap.hold(verb="COMMIT", side="answer")
        asking = partial(place, timeout=SOON)
        (_, _) = at_once([partial(ignored, asking), partial(kill_at, held, orders.service.kill)])
        orders.service.restart()
        orders.service.await_ready()

    return killed


def ignored(call: Callable[[], object]) -> None:
    """Call it, whether or not there is an answer."""
    with suppress(NoReply):
        call()


def kill_at(held: Any, kill: Callable[[], None]) -> None:
    """Kill a process while something of it is held, then let that go."""
    assert held.wait(SOON), f"{held.what}: nothing came"
    kill()
    held.release()


@pytest.fixture
def relay_killed(system: System, place: Place) -> Callable[[bool], None]:
    """Place an order, and kill the relay as it publishes it: when the broker has (True), or has not yet; start it again."""
    relay = system.worker("orders-relay")

    def killed(published: bool) -> None:
        held = relay.broker.hold("XADD", after=published)
        place()["id"]
        kill_at(held, relay.kill)
        relay.start()

    return killed


@pytest.fixture
def taken_without_a_broker(system: System, place: Place, broker: Broker) -> Callable[[], list[int]]:
    """Place three orders while the broker is down, one of them while the relay's database is away too; what was answered."""
    relay = system.worker("orders-relay")

    def taken() -> list[int]:
        place()["id"]
        until(lambda: broker.entries(ORDERS), within=SOON, every=0.01)  # now the relay is at work
        with system.without_broker():
            answers = [place(timeout=SOON).status_code for _ in range(2)]
            looked = len(relay.tap.statements)
            until(lambda: len(relay.tap.statements) > looked + LOOKS or not relay.alive, within=SOON)
            away = relay.tap.drop(only=None, side="request")
            answers.append(place(timeout=SOON).status_code)
            until(lambda: away.met > LOOKS or not relay.alive, within=SOON)
            away.end()
        return answers

    return taken


@pytest.fixture
def two_at_work(system: System, place: Place, broker: Broker) -> Callable[[], list[int]]:
    """Place orders while one relay is kept in the middle of publishing and another one comes; what was answered."""

    def placed() -> list[int]:
        held = system.worker("orders-relay").broker.hold("XADD")
        made = [place().status_code]
        assert held.wait(SOON), f"{held.what}: nothing came"
        system.another("orders-relay")
        made += [place().status_code for _ in range(5)]
        # It may pass over what the first one has in hand, it may wait for its turn.
        until(lambda: len(broker.entries(ORDERS)) >= len(made) - 1, within=2.0, every=0.01)
        held.release()
        return [*made, *(place().status_code for _ in range(6))]

    return placed


@pytest.fixture
def overtaken(orders: Role, place: Place, broker: Broker) -> Callable[[], None]:
    """Let an order commit while one that began before it has not yet; see it told, then let the first one commit."""

    def raced() -> None:
        held = orders.tap.hold(verb="COMMIT")

        def second() -> None:
            assert held.wait(SOON)
            number = place(PLENTY[1])["id"]
            until(lambda: broker.told_of("OrderCreated")[number], within=2.0, every=0.01)
            held.release()

        at_once([lambda: place(PLENTY[0])["id"], second])

    return raced


# What is told to users


@pytest.fixture
def points(users: Role) -> Callable[[int], int]:
    """How many points a customer has."""

    def read(uid: int) -> int:
        found: int = users.get(f"/users/{uid}/points")["points"]
        return found

    return read


@pytest.fixture
def customers(users: Role, rng: random.Random) -> list[int]:
    """Three new customers without points; the ids."""
    return [sign_up(users, rng) for _ in range(3)]


def sign_up(users: Role, rng: random.Random) -> int:
    """Sign a customer up; the id."""
    name = f"buyer-{rng.getrandbits(48):x}"
    uid: int = users.post("/users", json={"nickname": name, "email": f"{name}@example.com"})["id"]
    return uid


@pytest.fixture
def history(customers: Sequence[int], numbers: Callable[[int], list[int]], rng: random.Random) -> list[Event]:
    """Twelve orders of these customers, and after them four cancellations, as events."""
    made = [created(number, customers[at % 3], rng.randrange(1_000, 90_000)) for at, number in enumerate(numbers(12))]
    return made + [cancelled(*event["data"].values()) for event in made[::3]]


def due(events: Iterable[Event]) -> dict[int, int]:
    """Return how many points each customer has after these events."""
    total: dict[int, int] = {}
    for event in {event["id"]: event for event in events}.values():
        data, sign = event["data"], 1 if event["type"] == "OrderCreated" else -1
        total[data["user_id"]] = total.get(data["user_id"], 0) + sign * (data["total_cents"] // 100)
    return total


@pytest.fixture
def balances(broker: Broker, points: Callable[[int], int]) -> Callable[[Mapping[int, int]], dict[int, int]]:
    """Wait until users has acknowledged all there is; the points that each of these customers has then.

    Whether that is done which is acknowledged is one check's matter: the others wait a moment more for what is wanted.
    """

    def read(wanted: Mapping[int, int]) -> dict[int, int]:
        broker.settles(ORDERS, "users")
        until(lambda: {uid: points(uid) for uid in wanted} == wanted, within=2.0, every=0.02)
        return {uid: points(uid) for uid in wanted}

    return read


@pytest.fixture
def consumer_killed(system: System, broker: Broker) -> Callable[[bool, Event], None]:
    """Tell an event, and kill the consumer as it acknowledges it: when the broker has heard that (True), or has not; start it."""
    consumer = system.worker("users-events")

    def killed(heard: bool, event: Event) -> None:
        held = consumer.broker.hold("XACK", after=heard)
        broker.tell(ORDERS, event)
        kill_at(held, consumer.kill)
        broker.ages(ORDERS, "users")
        consumer.start()

    return killed


@pytest.fixture
def ghost(
    broker: Broker,
    two_orders: Sequence[Event],
    numbers: Callable[[int], list[int]],
    points: Callable[[int], int],
    balances: Callable[[Mapping[int, int]], dict[int, int]],
    buyer: int,
) -> Callable[[], dict[str, int]]:
    """Let somebody take events in the moment in which they are told, who is never heard of again, and the last one long ago.

    The customer's points when that one was handled, and when all are due; how much is unacknowledged in the end.
    """
    others = [created(number, buyer, 1_000) for number in numbers(OTHERS_IN_HAND)]

    def taken() -> dict[str, int]:
        # Nobody who waits for news is quicker than a transaction.
        with broker.client.pipeline(transaction=True) as both:
            for event in (*others, two_orders[0]):
                both.xadd(ORDERS, {"event": json.dumps(event)})
            both.xreadgroup("users", "ghost", {ORDERS: ">"}, count=len(others) + 1)
            both.execute()
        broker.ages(ORDERS, "users", but=len(others))
        until(lambda: points(buyer), within=SOON, every=0.01)
        first = points(buyer)
        broker.ages(ORDERS, "users")
        return {
            "what was due": first,
            "all of it": balances({buyer: 30 + 10 * len(others)})[buyer] - 10 * len(others),
            "unacknowledged": broker.waiting(ORDERS, "users"),
        }

    return taken


# What is told to orders


@pytest.fixture
def statuses(orders: Role, broker: Broker) -> Callable[[Iterable[int]], dict[int, str]]:
    """Wait until orders has acknowledged what payments told; the status of each of these orders then."""

    def read(numbers: Iterable[int]) -> dict[int, str]:
        broker.settles(PAYMENTS, "orders")
        return {number: orders.get(f"/orders/{number}")["status"] for number in numbers}

    return read


@pytest.fixture
def flooded(place: Place, broker: Broker) -> Callable[[int], int]:
    """Place so many orders; how long the stream is when all were told. The broker trims in steps of five here."""
    broker.client.config_set("stream-node-max-entries", 5)

    def length(count: int) -> int:
        numbers: list[int] = []
        while len(numbers) < count:
            numbers += [reply["id"] for reply in at_once([place] * 3)]
        until(lambda: broker.added(ORDERS) >= count, within=SOON, every=0.01)
        until(
            lambda: broker.client.xlen(ORDERS) < count, within=SOON, every=0.01
        )  # or whoever shortens it does so in its own time
        return int(broker.client.xlen(ORDERS))

    return length


@pytest.fixture
def decided(
    system: System,
    place: Place,
    broker: Broker,
    statuses: Callable[[Iterable[int]], dict[int, str]],
    rng: random.Random,
    numbers: Callable[[int], list[int]],
) -> Callable[[], dict[str, object]]:
    """Tell that one order was paid and that the payment of another failed, three times each, before orders listens.

    What became of both.
    """
    consumer = system.worker("orders-events")

    def told() -> dict[str, object]:
        consumer.kill()
        broker.client.xgroup_destroy(PAYMENTS, "orders")
        good, bad = place().json, place(LAMP, LAMPS).json
        one, other = numbers(2)
        events = [paid(good, one), paid(bad, other, failed=True)] * 3
        broker.tell(PAYMENTS, *rng.sample(events, len(events)))
        consumer.start()
        found = statuses([good["id"], bad["id"]])
        until(lambda: broker.told_of("OrderCancelled")[bad["id"]], within=SOON, every=0.01)
        kinds = {kind: broker.told_of(kind)[bad["id"]] for kind in ("OrderCreated", "OrderCancelled")}
        return {
            "captured": found[good["id"]],
            "failed": found[bad["id"]],
            "told of the cancelled one": kinds,
            "all its pieces, and one more": [place(LAMP, LAMPS).status_code, place(LAMP).status_code],
        }

    return told


@pytest.fixture
def too_late(
    system: System,
    orders: Role,
    place: Place,
    broker: Broker,
    statuses: Callable[[Iterable[int]], dict[int, str]],
    numbers: Callable[[int], list[int]],
) -> Callable[[], dict[str, object]]:
    """Tell of payments for an order that was shipped, for one that there is not, of none at all, and for one that waits for it."""
    consumer = system.worker("orders-events")

    def told() -> dict[str, object]:
        gone, waiting = place().json, place().json
        for status in ("paid", "shipped"):
            orders.patch(f"/orders/{gone['id']}/status", json={"status": status})["status"]
        nobody, *payments = numbers(4)
        late = [paid(gone, payments[0], failed=True), paid({**gone, "id": nobody}, payments[1])]
        broker.tell(PAYMENTS, *late, "this is no JSON", paid(waiting, payments[2]))
        found = statuses([gone["id"], waiting["id"]])
        until(lambda: not unsaid(consumer, late), within=SAID, every=0.01)
        return {
            "shipped": found[gone["id"]],
            "the next one": found[waiting["id"]],
            "dead letters": len(broker.entries(f"{PAYMENTS}.dead")),
            "not in the log": len(unsaid(consumer, late)),
        }

    return told


def unsaid(consumer: Worker, events: Iterable[Event]) -> list[str]:
    """Return the ids of those events that a consumer's log does not name."""
    log = "\n".join(consumer.log)
    return [event["id"] for event in events if event["id"] not in log]


@pytest.fixture
def expected(history: Sequence[Event]) -> dict[int, int]:
    """How many points each customer has after that."""
    return due(history)


@pytest.fixture
def told_thrice(
    system: System,
    broker: Broker,
    history: Sequence[Event],
    expected: dict[int, int],
    rng: random.Random,
    balances: Callable[[Mapping[int, int]], dict[int, int]],
) -> Callable[[], tuple[dict[int, int], int]]:
    """Tell each event three times, shuffled, to two consumers; what each customer has, and the dead letters.

    The orders are told before anybody listens, and some of them again among the cancellations.
    """
    consumer = system.worker("users-events")

    def told() -> tuple[dict[int, int], int]:
        consumer.kill()
        with suppress(redis.ResponseError):  # it had not come so far
            broker.client.xgroup_destroy(ORDERS, "users")
        made, gone = history[:12], history[12:]
        broker.tell(ORDERS, *rng.sample(made[:6] * 3 + made[6:] * 2, 30))
        consumer.start()
        system.another("users-events")
        broker.settles(ORDERS, "users")
        broker.tell(ORDERS, *rng.sample(made[6:] + gone * 3, 18))
        return balances(expected), len(broker.entries(DEAD))

    return told


@pytest.fixture
def two_orders(buyer: int, numbers: Callable[[int], list[int]]) -> list[Event]:
    """Two orders of one customer, worth 30 and 40 points."""
    one, other = numbers(2)
    return [created(one, buyer, 3_000), created(other, buyer, 4_099)]


@pytest.fixture
def poisoned(
    system: System,
    broker: Broker,
    two_orders: Sequence[Event],
    numbers: Callable[[int], list[int]],
    points: Callable[[int], int],
    balances: Callable[[Mapping[int, int]], dict[int, int]],
    buyer: int,
) -> Callable[[], dict[str, object]]:
    """Tell of an order of a customer whom nobody knows, then five things that cannot be read, then of an order as it should be.

    The consumer is killed as it writes the dead letter of the first. What came of it, before others were due again and after.
    """
    consumer = system.worker("users-events")
    number, nobody = numbers(2)
    good = two_orders[0]
    much = {**good, "id": str(uuid.uuid4()), "data": {**good["data"], "total_cents": "much"}}
    first = {"event": "this is no JSON"}
    unknown = {"event": json.dumps(created(number, nobody, 5_000))}
    unreadable = [
        {"event": "nor is this", "trace": "00-7"},
        {"event": json.dumps({"type": "OrderCreated"})},
        {"event": json.dumps(much)},
        {"nothing": "of the kind"},
    ]

    def told() -> dict[str, object]:
        broker.put(ORDERS, unknown)
        killed_as_it_buries()
        broker.put(ORDERS, *unreadable)
        broker.tell(ORDERS, good)
        until(lambda: points(buyer) == 30, within=SOON, every=0.01)
        until(lambda: len(broker.entries(DEAD)) >= len(unreadable), within=SAID, every=0.01)
        at_once = len(broker.entries(DEAD))
        broker.ages(ORDERS, "users")
        found, dead = balances({buyer: 30}), broker.entries(DEAD)
        return {
            "points": found[buyer],
            "dead letters at once": at_once,
            "dead letters": len(dead),
            "not as they came": [fields for fields in (first, unknown, *unreadable) if not is_among(dead, fields)],
            "without a reason": sum(not letter.get("reason") for letter in dead),
            "with a customer in the reason": sum(str(nobody) in letter.get("reason", "") for letter in dead),
            "unacknowledged": broker.waiting(ORDERS, "users"),
        }

    def killed_as_it_buries() -> None:
        """Kill it when it is about to; who never is, is not killed."""
        burying = consumer.broker.hold(key=DEAD)
        broker.tell(ORDERS, first["event"])
        until(lambda: burying.met or not consumer.alive or not broker.waiting(ORDERS, "users"), within=SOON)
        if burying.met:
            consumer.kill()
            consumer.start()
        burying.release()

    return told


def is_among(letters: Iterable[Mapping[str, str]], fields: Mapping[str, str]) -> bool:
    """Tell whether one of these letters has all these fields."""
    return any(fields.items() <= letter.items() for letter in letters)


@pytest.fixture
def strangers(
    system: System,
    broker: Broker,
    two_orders: Sequence[Event],
    balances: Callable[[Mapping[int, int]], dict[int, int]],
    buyer: int,
) -> Callable[[], tuple[dict[str, object], list[str]]]:
    """Tell an event of a type that nobody knows, one of a newer major version, and one of a newer minor version.

    What came of them, and which of the first two the log does not name.
    """

    def told() -> tuple[dict[str, object], list[str]]:
        first, minor = two_orders
        gift = {"id": str(uuid.uuid4()), "type": "OrderGiftWrapped", "dataschema": "/events/OrderGiftWrapped/1.0"}
        unheard = [{**first, **gift}, {**first, "id": str(uuid.uuid4()), "dataschema": "/events/OrderCreated/2.0"}]
        broker.tell(ORDERS, *unheard)
        more = {**minor["data"], "currency": "EUR"}
        broker.tell(ORDERS, {**minor, "dataschema": "/events/OrderCreated/1.1", "data": more})
        found: dict[str, object] = {
            "points": balances({buyer: 40})[buyer],
            "dead letters": len(broker.entries(DEAD)),
            "unacknowledged": broker.waiting(ORDERS, "users"),
        }
        consumer = system.worker("users-events")
        until(lambda: not unsaid(consumer, unheard), within=SAID, every=0.01)
        return found, unsaid(consumer, unheard)

    return told


@pytest.fixture
def overtaking(
    broker: Broker,
    buyer: int,
    numbers: Callable[[int], list[int]],
    balances: Callable[[Mapping[int, int]], dict[int, int]],
) -> Callable[[], dict[int, int]]:
    """Tell that an order was cancelled, then that it was made, then of another one; the points after that."""

    def told() -> dict[int, int]:
        gone, kept = numbers(2)
        broker.tell(ORDERS, cancelled(gone, buyer, 5_000))
        broker.settles(ORDERS, "users")
        broker.tell(ORDERS, created(gone, buyer, 5_000), created(kept, buyer, 3_000))
        return balances({buyer: 30})

    return told


@pytest.fixture
def outage(
    system: System,
    broker: Broker,
    two_orders: Sequence[Event],
    numbers: Callable[[int], list[int]],
    points: Callable[[int], int],
    buyer: int,
) -> Callable[[], dict[str, object]]:
    """Tell of an order of nobody's while the consumer's database is away, and of others before, after, and while the broker is away.

    What came of it; and whether the consumer ended when it was asked to, while it had no database.
    """
    consumer = system.worker("users-events")
    number, nobody, last = numbers(3)

    def told() -> dict[str, object]:
        has_come_to(30, two_orders[0])
        ended = without_a_database()
        has_come_to(70, two_orders[1])
        buried = len(broker.entries(DEAD))
        with system.without_broker():
            broker.tell(ORDERS, created(last, buyer, 1_000))
        has_come_to(80)
        return {
            "points": points(buyer),
            "ended when it was asked to": ended,
            "dead letters": buried,
            "left lying": broker.waiting(ORDERS, "users"),
        }

    def has_come_to(wanted: int, *events: Event) -> None:
        broker.tell(ORDERS, *events)
        until(lambda: points(buyer) == wanted, within=SOON, every=0.01)

    def without_a_database() -> bool:
        """Cut it off at each thing it says, until it has tried often enough, or ended; then refuse it, which nobody can count."""
        cut_off = consumer.tap.drop(only=None, side="request")
        broker.tell(ORDERS, created(number, nobody, 5_000))
        until(lambda: cut_off.met >= TRIES or gave_up(), within=SOON, every=0.01)
        ended = gave_up() or ends()
        said, refused = len(consumer.log), consumer.tap.refuses()
        cut_off.end()
        until(
            lambda: len(consumer.log) > said + 1 or gave_up(), within=1.0, every=0.01
        )  # most say that they were refused
        refused.end()
        return ended

    def gave_up() -> bool:
        return bool(broker.entries(DEAD)) or not consumer.alive

    def ends() -> bool:
        """Ask it to end, and start it again; whether it ended by itself."""
        service = next(each for each in system.services if each.name == consumer.name)
        service.signal(signal.SIGTERM)
        ended = until(lambda: not consumer.alive, within=SOON)
        consumer.kill()
        broker.ages(ORDERS, "users")
        consumer.start()
        return ended

    return told


# Everybody


@pytest.fixture
def undone(system: System, place: Place, points: Callable[[int], int], buyer: int) -> Callable[[], dict[str, object]]:
    """Buy all the lamps there are, and let the payment fail; what was, and what is."""

    def failed() -> dict[str, object]:
        order = place(LAMP, LAMPS)
        earned = order["total_cents"] // 100
        before = until(lambda: points(buyer) == earned, within=SOON, every=0.02)
        payment = system.post("/payments", json={"order_id": order["id"], "channel": "card"})
        system.post("/payments/callback", json={"payment_id": payment["id"], "result": "failed"})["status"]
        until(lambda: points(buyer) == 0, within=SOON, every=0.02)
        status = system.get(f"/orders/{order['id']}")["status"]
        return {
            "points before": before,
            "status": status,
            "points after": points(buyer),
            "all pieces again": place(LAMP, LAMPS).status_code,
        }

    return failed


class Life:
    """A shop that is lived in, by chance: thirty things in some order. ``end()`` takes every fault back."""

    def __init__(
        self, system: System, rng: random.Random, basket: Callable[[int], dict[str, Any]], repeat: Callable[[], object]
    ) -> None:
        self._system, self._rng, self._basket, self._repeat = system, rng, basket, repeat
        self.buyers = [self._sign_up() for _ in range(3)]
        self.captured: set[int] = set()
        self.decided: set[int] = set()
        self.done: list[str] = []
        self._away: Any = None
        things: list[tuple[Callable[[], None], int]] = [
            (self._order, 9),
            (self._pay, 6),
            (self._cancel, 3),
            (self._kill_a_worker, 4),
            (self._kill_a_service, 1),
            (self._broker, 3),
            (self._tell_again, 3),
        ]
        deck = [thing for thing, times in things for _ in range(times)]
        # First of all there is an order. Then all that can happen happens, only nobody knows when.
        self.things = [self._order, *rng.sample(deck, len(deck))]

    def lives(self) -> None:
        """Do one thing after the other."""
        for thing in self.things:
            thing()
            self.done.append(thing.__name__.lstrip("_"))

    def end(self) -> None:
        """Let the broker be there again."""
        if self._away is not None:
            self._away.__exit__(None, None, None)
            self._away = None

    def _ask(self, method: str, path: str, **how: Any) -> Reply | None:
        """Ask as a client does who may be out of luck."""
        with suppress(NoReply):
            return self._system.request(method, path, timeout=SOON, **how)
        return None

    def _sign_up(self) -> int:
        name = f"buyer-{self._rng.getrandbits(48):x}"
        uid: int = self._system.post("/users", json={"nickname": name, "email": f"{name}@example.com"})["id"]
        return uid

    def _some_order(self, *, cancelled: bool) -> int | None:
        """Return an order, one that is cancelled only if it may be; None if there is none."""
        replies = [self._ask("GET", f"/orders?user_id={buyer}&limit=100") for buyer in self.buyers]
        orders = [
            order for reply in replies if reply is not None and reply.status_code == 200 for order in reply["items"]
        ]
        numbers = [order["id"] for order in orders if cancelled or order["status"] != "cancelled"]
        return self._rng.choice(numbers) if numbers else None

    def _order(self) -> None:
        self._ask("POST", "/orders", json=self._basket(self._rng.choice(self.buyers)))

    def _pay(self) -> None:
        order = self._some_order(cancelled=True)
        if order is None:
            return
        payment = self._ask("POST", "/payments", json={"order_id": order, "channel": "card"})
        if payment is None or payment.status_code != 201:
            return
        result = self._rng.choice(["captured", "captured", "failed"])
        told = self._ask("POST", "/payments/callback", json={"payment_id": payment["id"], "result": result})
        if told is not None and told.status_code == 200:
            self.decided.add(payment["id"])
            self.captured |= {order} if result == "captured" else set()

    def _cancel(self) -> None:
        order = self._some_order(cancelled=False)
        if order is not None:
            self._ask("PATCH", f"/orders/{order}/status", json={"status": "cancelled"})

    def _kill_a_worker(self) -> None:
        worker = self._system.worker(self._rng.choice(sorted(self._system.workers)))
        worker.kill()
        worker.start()

    def _kill_a_service(self) -> None:
        service = self._system[self._rng.choice(["orders", "users", "payments"])].service
        service.kill()
        service.restart()
        service.await_ready()

    def _broker(self) -> None:
        if self._away is not None:
            self.end()
        else:
            self._away = self._system.without_broker()
            self._away.__enter__()

    def _tell_again(self) -> None:
        self._repeat()


@pytest.fixture
def lived_through(
    system: System, broker: Broker, points: Callable[[int], int], rng: random.Random
) -> Callable[[], list[str]]:
    """Do thirty random things; what does not agree when all is well again, a line each."""

    def repeat() -> None:
        stream = rng.choice([ORDERS, PAYMENTS])
        if events := broker.told(stream):
            broker.tell(stream, rng.choice(events))

    def basket(buyer: int) -> dict[str, Any]:
        return a_basket(rng, buyer, rng.choice([*PLENTY, LAMP]), rng.randrange(1, 4))

    def lived() -> list[str]:
        life = Life(system, rng, basket, repeat)
        life.lives()
        life.end()
        # Once orders has done what payments told, no order changes any more: then what is told of them can be compared.
        until(lambda: life.decided <= payments_told(broker), within=2 * SOON, every=0.05)
        broker.settles(PAYMENTS, "orders")
        until(
            lambda: not disagreements(system, broker, points, life) and not broker.waiting(ORDERS, "users"),
            within=2 * SOON,
            every=0.05,
        )
        found = disagreements(system, broker, points, life)
        return [*found, f"after: {', '.join(life.done)}"] if found else []

    return lived


def payments_told(broker: Broker) -> set[int]:
    """Return the payments that were told of."""
    return {event["data"]["payment_id"] for event in broker.told(PAYMENTS)}


def disagreements(system: System, broker: Broker, points: Callable[[int], int], life: Life) -> list[str]:
    """Compare orders, events, payments and points; a line for each thing that does not agree."""
    bought = [order for buyer in life.buyers for order in orders_of(system["orders"], buyer)]
    there = {order["id"] for order in bought}
    gone = {order["id"] for order in bought if order["status"] == "cancelled"}
    lines = []
    for kind, wanted in (("OrderCreated", there), ("OrderCancelled", gone)):
        told = broker.told_of(kind)
        lines += [
            f"{kind} of order {number}: {told[number]} events"
            for number in sorted(wanted | told.keys())
            if told[number] != (number in wanted)
        ]
    lines += [
        f"order {number} was paid, and waits for it"
        for number in sorted(life.captured & there)
        if order_of(bought, number)["status"] == "created"
    ]
    for buyer in life.buyers:
        worth = sum(
            order["total_cents"] // 100 for order in bought if order["user_id"] == buyer and order["id"] not in gone
        )
        if points(buyer) != worth:
            lines.append(f"customer {buyer} has {points(buyer)} points, not {worth}")
    return lines


def order_of(orders: Sequence[dict[str, Any]], number: int) -> dict[str, Any]:
    """Return the order with this number."""
    return next(order for order in orders if order["id"] == number)
