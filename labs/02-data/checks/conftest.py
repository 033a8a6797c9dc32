"""The world of lab 02: shop and orders, each on the database that the learner's SQL made for it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest

from checker import OTHERS, Adopted, Asked, Databases, PostgresTap, Reply, Role, Run, Stage, System, at_once, until

CUSTOMERS = range(1, 41)
"""Who is in the shop's database from the beginning."""

SCARCE = "DESK-001"
"""A product of which the shop has a piece or two."""

AT_MOST = 12
"""Migrations that are gone down; a service that has more of them is older than this course."""

FEWEST = 2
"""Migrations that there are at least: the tables, and the new name of a column, each of which goes down by itself."""

BOTTOM = 3
"""What `orders-revert` exits with when there is nothing left to revert."""

POWERS = """
SELECT 'is a superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
UNION ALL SELECT 'may create databases' FROM pg_roles WHERE rolname = current_user AND rolcreatedb
UNION ALL SELECT 'may create roles' FROM pg_roles WHERE rolname = current_user AND rolcreaterole
UNION ALL SELECT 'passes by row security' FROM pg_roles WHERE rolname = current_user AND rolbypassrls
UNION ALL SELECT 'may replicate the whole server' FROM pg_roles WHERE rolname = current_user AND rolreplication
UNION ALL SELECT 'may do what ' || rolname || ' may' FROM pg_roles
  WHERE pg_has_role(current_user, oid, 'MEMBER') AND rolname NOT IN (current_user, 'pg_database_owner')
  AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
UNION ALL SELECT 'reaches ' || srvname || ' by ' || fdwname FROM pg_foreign_server
  JOIN pg_foreign_data_wrapper fdw ON fdw.oid = srvfdw WHERE has_server_privilege(current_user, srvname, 'USAGE')
UNION ALL SELECT 'has the foreign table ' || ftrelid::regclass::text FROM pg_foreign_table
UNION ALL SELECT 'may set up ' || fdwname FROM pg_foreign_data_wrapper
  WHERE has_foreign_data_wrapper_privilege(current_user, fdwname, 'USAGE')
UNION ALL SELECT DISTINCT 'may call ' || extname FROM pg_extension
  JOIN pg_depend ON refclassid = 'pg_extension'::regclass AND refobjid = pg_extension.oid AND deptype = 'e'
  JOIN pg_proc ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid
  WHERE extname = 'dblink' AND has_function_privilege(current_user, pg_proc.oid, 'EXECUTE')
"""
"""What a login can do that it must not, one line each."""

HALF_WRITTEN = """
SELECT order_id, unit_price_cents, unit_gross_cents FROM order_lines
WHERE order_id = ANY(%s) AND unit_gross_cents IS DISTINCT FROM unit_price_cents
"""

WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
"""Whether somebody waits for a lock in a database."""

PATIENT = 40
"""Statements after which a process that has made nothing does not wait, but asks."""

SCHEMA = """
WITH own AS (
  SELECT c.oid, c.relname AS name, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\\_toast%' AND relkind IN ('r', 'p', 'v', 'S')
)
SELECT 'column ' || name || '.' || attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' not null' ELSE '' END
  || coalesce(' default ' || pg_get_expr(adbin, adrelid), '') || CASE WHEN attidentity <> '' THEN ' identity' ELSE '' END
  FROM own JOIN pg_attribute ON attrelid = own.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE relkind IN ('r', 'p', 'v')
UNION ALL SELECT 'constraint ' || conname || ' on ' || name || ' ' || pg_get_constraintdef(pg_constraint.oid)
  FROM own JOIN pg_constraint ON conrelid = own.oid WHERE contype <> 'n'
UNION ALL SELECT 'index ' || pg_get_indexdef(indexrelid) FROM own JOIN pg_index ON indrelid = own.oid
UNION ALL SELECT 'sequence ' || name FROM own WHERE relkind = 'S'
ORDER BY 1
"""
"""What there is in a database, a line each, columns by name and not by place."""

VANDALS = (
    "ALTER TABLE orders ADD COLUMN weight_grams integer",
    "ALTER TABLE orders DROP COLUMN discount_code",
    "ALTER TABLE addresses ADD COLUMN floor text",
    "ALTER TABLE order_lines DROP COLUMN sku",
)
"""What somebody might do by hand at night."""

BUGS: dict[str, tuple[str, Callable[[PostgresTap], object]]] = {
    "an order that was confirmed is lost": ("orders", lambda tap: tap.loses_writes("orders")),
    "the total of an order is another one": ("orders", lambda tap: tap.alters("orders", "total_cents")),
    "an order comes without its last line": ("order_lines", lambda tap: tap.leaves_out_a_row("order_lines")),
    "points that were confirmed are lost": ("points_entries", lambda tap: tap.loses_writes("points_entries")),
    "the price of a product is another one": ("prices", lambda tap: tap.alters("prices", "price_cents")),
    "the last product is left out": ("products", lambda tap: tap.leaves_out_a_row("products")),
}
"""Bugs that are planted between a service and its database: whose table it is, and what is done."""

Place = Callable[..., Reply]
Orders = Sequence[dict[str, Any]]


# Who asks, and for what


@pytest.fixture
def buyer(rng: random.Random) -> int:
    """Somebody who has been a customer all along; the id."""
    return rng.choice(CUSTOMERS)


@pytest.fixture
def sku(rng: random.Random) -> str:
    """A product of which there is enough."""
    return rng.choice(["CANDLE-001", "BAG-001", "TOWEL-001"])


@pytest.fixture
def stranger(rng: random.Random) -> int:
    """Somebody whom no database knows; the shop's stand-in knows everybody. The id."""
    return rng.randrange(1_000_000, 2_000_000)


@pytest.fixture
def place(orders: Role, rng: random.Random, buyer: int) -> Place:
    """Place an order: ``place("SKU-1", 2)``, or for somebody else ``place("SKU-1", buyer=7)``."""

    def placed(sku: str, quantity: int = 1, *, buyer: int = buyer) -> Reply:
        return order_at(orders, rng, buyer, sku, quantity)

    return placed


@pytest.fixture
def walk(orders: Role) -> Callable[..., list[str]]:
    """Move an order on: ``walk(order, "paid", "shipped")`` → the status it said it had after each move."""

    def walked(order: int, *statuses: str) -> list[str]:
        return [orders.patch(f"/orders/{order}/status", json={"status": status})["status"] for status in statuses]

    return walked


def order_at(orders: Role, rng: random.Random, buyer: int, sku: str, quantity: int = 1) -> Reply:
    """Place an order at one version of the service."""
    address = {
        "recipient": "Niamh Byrne",
        "street": f"Grand Parade {rng.randrange(1, 200)}",
        "city": "Cork",
        "postcode": "T12 XH6K",
        "country": "IE",
    }
    body = {"user_id": buyer, "lines": [{"sku": sku, "quantity": quantity}], "address": address}
    return orders.post("/orders", json=body)


# Neighbours that are played


@pytest.fixture
def neighbours(system: System, rng: random.Random) -> None:
    """Whoever is a neighbour of `orders`, played by stand-ins that know every user and a price for every product."""
    play_neighbours(system, rng)


def play_neighbours(system: System, rng: random.Random) -> None:
    """Teach the stand-ins what orders asks."""
    price = rng.randrange(1_000, 20_000)
    system.plays("GET", "/users/{uid}", lambda ask: a_user(ask.path["uid"]))
    system.plays("GET", "/users", lambda ask: [a_user(uid) for uid in ask.query["id"]])
    system.plays("GET", "/products/{sku}", lambda ask: a_product(ask.path["sku"], price))
    system.plays("GET", "/products", lambda ask: [a_product(sku, price) for sku in ask.query.get("sku", [])])
    system.plays("POST", "/users/{uid}/points", points_added)


@pytest.fixture
def an_order(system: System, rng: random.Random) -> dict[str, Any]:
    """Orders, played by a stand-in that has one order; the order."""
    order = {
        "id": rng.randrange(500_000, 600_000),
        "user_id": rng.choice(CUSTOMERS),
        "nickname": "Ana",
        "status": "created",
        "lines": [{"sku": "BAG-001", "quantity": 1, "unit_price_cents": 2_500}],
        "subtotal_cents": 2_500,
        "discount_cents": 0,
        "total_cents": 2_500,
        "discount_code": None,
        "address": {"recipient": "R", "street": "S", "city": "C", "postcode": "P", "country": "IE"},
        "created_at": "2026-03-02T08:15:00Z",
    }
    system.plays("GET", "/orders/{id}", lambda _: order)
    system.plays("GET", "/orders", lambda _: {"items": [order], "total": 1})
    system.plays("POST", "/orders/{id}/payment", lambda _: {**order, "status": "paid"})
    return order


@pytest.fixture
def shown(system: System) -> list[str]:
    """What the shop shows besides: the paths that are its own in this lab."""
    return [path for path in ("/users/3", "/users/3/points", "/products") if system.owner("GET", path).name == "shop"]


def a_user(uid: str) -> dict[str, Any]:
    """A user as the contract shows one."""
    return {"id": int(uid), "nickname": f"nick-{uid}", "email": f"{uid}@example.com"}


def a_product(sku: str, price: int) -> dict[str, Any]:
    """A product as the contract shows one."""
    return {"sku": sku, "name": f"Product {sku}", "description": "", "price_cents": price}


def points_added(ask: Asked) -> dict[str, int]:
    """What the shop says when points were added."""
    return {"user_id": int(ask.path["uid"]), "points": ask.json["points"]}


# Doors and powers


@pytest.fixture
def doors(databases: Databases, stage: Stage) -> Callable[[], tuple[dict[str, str], dict[str, str]]]:
    """Knock with each service's login at its own database, and at each other's; what happened."""

    def knocked() -> tuple[dict[str, str], dict[str, str]]:
        own = {f"{name} into {name}": knock(databases.given(name).url) for name in stage.roles}
        others = {
            f"{guest} into {host}": knock(databases.given(guest).url_of(host))
            for guest, host in itertools.permutations(stage.roles, 2)
        }
        return own, others

    return knocked


def knock(url: str) -> str:
    """Say what a login gets to hear: "opens", "refused", or what else went wrong."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        said = str(error)
        return "refused" if "permission denied for database" in said else said.partition("FATAL:")[2].strip()
    return "opens"


@pytest.fixture
def powers(databases: Databases, stage: Stage) -> Callable[[], list[str]]:
    """List what each service's login can do that it must not."""

    def listed() -> list[str]:
        return [f"{name} {power}" for name in stage.roles for power in asked(databases.given(name).url, POWERS)]

    return listed


def asked(url: str, query: str) -> list[str]:
    """Return the first column of what a database answers."""
    with psycopg.connect(url, autocommit=True) as connection:
        return [row[0] for row in connection.execute(query).fetchall()]  # type: ignore[arg-type]  # literals of ours


# What has moved


def every_order(system: System) -> Orders:
    """Read all orders there are, page by page, in the order of their ids."""
    found: list[dict[str, Any]] = []
    while page := system.get(f"/orders?limit=100&offset={len(found)}").json["items"]:
        found += page
    return sorted(found, key=lambda order: order["id"])


def differences(expected: Orders, found: Orders) -> list[str]:
    """Say, a line each, which orders are missing, twice there, not as they were, or nobody's."""
    there, known = [order["id"] for order in found], {order["id"] for order in expected}
    by_id = {order["id"]: order for order in found}
    lines = [f"order {number} is there {there.count(number)} times" for number in by_id if there.count(number) > 1]
    lines += [f"nobody has placed order {number}" for number in by_id if number not in known]
    for order in expected:
        now = by_id.get(order["id"])
        if now is None:
            lines.append(f"order {order['id']} is missing")
        else:
            lines += [
                f"order {order['id']}: {key} {order[key]!r} → {now.get(key)!r}"
                for key in order
                if order[key] != now.get(key)
            ]
    return lines[:5]


@pytest.fixture
def after_moving_again(system: System, databases: Databases, run: Run) -> Callable[[Orders], list[str]]:
    """Move once more, and compare the orders of the running system with what they should be; a line each."""

    def moved(expected: Orders) -> list[str]:
        source = databases.given("shop").url
        code = run("orders-backfill", system["orders"].database_url, SOURCE_DATABASE_URL=source)
        return [f"orders-backfill exits with {code}, not 0"] if code else differences(expected, every_order(system))

    return moved


@pytest.fixture
def before(stage: Stage) -> Callable[[], Orders]:
    """Read all orders of the version before."""
    return lambda: every_order(stage.earlier())


@pytest.fixture
def undone(
    system: System, place: Place, sku: str, after_moving_again: Callable[[Orders], list[str]]
) -> Callable[[], list[str]]:
    """Pay an old order at the new version, and move again; then take a new one, and move again. What that has undone."""

    def looked_for() -> list[str]:
        waiting = next(order["id"] for order in every_order(system) if order["status"] == "created")
        system.patch(f"/orders/{waiting}/status", json={"status": "paid"})["status"]
        found = after_moving_again(every_order(system))
        place(sku)["id"]
        return found or after_moving_again(every_order(system))

    return looked_for


@pytest.fixture
def late_orders(
    stage: Stage, databases: Databases, run: Run, rng: random.Random
) -> Callable[[], tuple[list[int], list[int], int]]:
    """Let the old version sell a scarce product out while the move runs, move again, and switch over.

    The ids it gave, those of them that the new version knows, and what it says to one more order for that product.
    """

    def placed() -> tuple[list[int], list[int], int]:
        source, target = databases.old("shop"), databases.empty("orders")
        assert run("orders-release", target.url) == 0
        old, buyer = stage.earlier(source), rng.choice(CUSTOMERS)
        with stage.tap(source) as tap, ThreadPoolExecutor(max_workers=2) as pool:
            held = tap.hold(table="orders", side="answer")
            moving = pool.submit(run, "orders-backfill", target.url, SOURCE_DATABASE_URL=tap.url_for(source.url))
            until(lambda: held.met or moving.done(), within=10.0)
            selling = pool.submit(sell_out, old["orders"], rng, buyer)
            until(selling.done, within=3.0)  # who locks the table for the move lets them wait
            held.release()
            ids = selling.result()
            assert moving.result() == 0
        assert run("orders-backfill", target.url, SOURCE_DATABASE_URL=source.url) == 0
        new = stage.on({"orders": target}, only=["orders"], standins=[OTHERS])
        play_neighbours(new, rng)
        known = [number for number in ids if new.get(f"/orders/{number}").status_code == 200]
        return ids, known, order_at(new["orders"], rng, buyer, SCARCE).status_code

    return placed


def sell_out(orders: Role, rng: random.Random, buyer: int) -> list[int]:
    """Order a scarce product until there is none left; the ids."""
    ids = []
    while (reply := order_at(orders, rng, buyer, SCARCE)).status_code == 201:
        ids.append(reply["id"])
    return ids


# Migrations


@pytest.fixture
def vandal(rng: random.Random) -> str:
    """What somebody does to the schema behind the migrations' back."""
    return rng.choice(VANDALS)


@pytest.fixture
def drift(databases: Databases, run: Run) -> Callable[[str], int]:
    """Ask `orders-drift` after somebody has done this to the schema; its exit code."""

    def drifted(statement: str) -> int:
        database = databases.database("orders")
        if statement:
            with database.admin() as connection:
                connection.execute(statement)  # type: ignore[arg-type]  # a literal of ours
        return run("orders-drift", database.url)

    return drifted


def schema_of(database: Adopted) -> list[str]:
    """Return what there is in a database, a line each."""
    with database.admin() as connection:
        return [row[0] for row in connection.execute(SCHEMA).fetchall()]


@pytest.fixture
def down_and_up(databases: Databases, run: Run, stage: Stage) -> Callable[[], list[str]]:
    """From each depth, go down and up again; what was not as it had been, a line each."""
    tables = stage.contract.owners["orders"].tables

    def gone() -> list[str]:
        database = databases.empty("orders")
        release, revert = (partial(run, f"orders-{name}", database.url) for name in ("release", "revert"))
        if code := release():
            return [f"orders-release exits with {code}"]
        top = schema_of(database)
        for depth in range(1, AT_MOST):
            codes = [revert() for _ in range(depth)]
            if codes[-1] == BOTTOM:
                left = [
                    line for line in schema_of(database) if line.startswith(tuple(f"column {name}." for name in tables))
                ]
                return left[:3] if depth > FEWEST else [f"after {depth - 1} down nothing is left to revert"]
            if codes[-1]:
                return [f"orders-revert, {depth} down, exits with {codes[-1]}"]
            if code := release():
                return [f"orders-release exits with {code}, after {depth} down"]
            if (now := schema_of(database)) != top:
                return [f"{depth} down and up: {line}" for line in sorted(set(now) ^ set(top))[:3]]
        return [f"orders-revert never exits with {BOTTOM}"]

    return gone


@pytest.fixture
def replicas(databases: Databases, run: Run, stage: Stage) -> Callable[[], tuple[list[int], list[str]]]:
    """Start two release processes on one empty database, the second while the first is in the middle of it.

    Their exit codes, and what the database has then that one alone would not have made, or lacks.
    """

    def started() -> tuple[list[int], list[str]]:
        alone, shared = databases.empty("orders"), databases.empty("orders")
        assert run("orders-release", alone.url) == 0
        with stage.tap(shared) as first, stage.tap(shared) as second, ThreadPoolExecutor(max_workers=2) as pool:
            held = first.hold(verb="CREATE", side="answer")
            one = pool.submit(run, "orders-release", first.url_for(shared.url))
            until(lambda: held.met or one.done(), within=10.0)
            other = pool.submit(run, "orders-release", second.url_for(shared.url))
            until(lambda: other.done() or stands_still(shared, second), within=10.0, every=0.02)
            held.release()
            codes = [one.result(), other.result()]
        return codes, sorted(set(schema_of(alone)) ^ set(schema_of(shared)))

    return started


def stands_still(database: Adopted, second: PostgresTap) -> bool:
    """Tell whether a process is as far as it comes: it waits for a lock, or asks again and again for one."""
    with database.admin() as connection:
        waiting = connection.execute(WAITING, [database.name]).fetchone()
    return waiting is not None or len(second.statements) > PATIENT


@pytest.fixture
def side_by_side(system: System, rng: random.Random, sku: str) -> Callable[[], list[str]]:
    """Use the old version and the new one at once, on one database; what went wrong, a line each."""
    versions = {"the new version": system["orders"], "the old version": system["orders@before"]}

    def used() -> list[str]:
        made = {name: loaded(version, rng, sku) for name, version in versions.items()}
        waiting = [[reply["id"] for reply in replies if reply.status_code == 201][8:] for replies in made.values()]
        for (name, version), others in zip(versions.items(), reversed(waiting), strict=True):
            made[name] += paid(version, others)
        wrong = [
            f"{name}: {reply.asked} → {reply.status_code}"
            for name, replies in made.items()
            for reply in replies
            if reply.status_code >= 400
        ]
        placed = [reply["id"] for reply in made["the new version"] if reply.status_code == 201]
        return (wrong or disagreements(versions, made) or half_written(system["orders"].database_url, placed))[:5]

    return used


def loaded(version: Role, rng: random.Random, sku: str) -> list[Reply]:
    """Place orders, read and list them and move half of them on, many at a time."""
    placed = at_once([partial(order_at, version, rng, rng.choice(CUSTOMERS), sku) for _ in range(4)] * 4)
    ids = [reply["id"] for reply in placed if reply.status_code == 201]
    reads = at_once([partial(version.get, f"/orders/{number}") for number in ids])
    return [*placed, *reads, *paid(version, ids[:8]), version.get("/orders?limit=50")]


def paid(version: Role, orders: Sequence[int]) -> list[Reply]:
    """Move orders on to paid, all at once."""
    return at_once([partial(version.patch, f"/orders/{number}/status", json={"status": "paid"}) for number in orders])


def disagreements(versions: dict[str, Role], made: dict[str, list[Reply]]) -> list[str]:
    """Let each version read what the other one has made; where the two do not say the same, a line each."""
    ids = [reply["id"] for replies in made.values() for reply in replies if reply.status_code == 201]
    said = {name: {number: version.get(f"/orders/{number}") for number in ids} for name, version in versions.items()}
    (one, ones), (other, others) = said.items()
    return [
        f"order {number}: {one} says {ones[number].status_code} {ones[number].json!r:.120}, {other} says {others[number].status_code} {others[number].json!r:.120}"
        for number in ids
        if (ones[number].status_code, ones[number].json) != (others[number].status_code, others[number].json)
    ]


def half_written(url: str, orders: list[int]) -> list[str]:
    """Say which lines of these orders have a price by the old name only, or another one by the new name."""
    try:
        with psycopg.connect(url) as connection:
            rows = connection.execute(HALF_WRITTEN, [orders]).fetchall()
    except psycopg.errors.UndefinedColumn as missing:
        return [f"order_lines: {str(missing).splitlines()[0]}"]
    return [f"order_lines of order {order}: unit_price_cents {old}, unit_gross_cents {new}" for order, old, new in rows]


# A service's own tests


@pytest.fixture
def tests_alone(stage: Stage, databases: Databases, run: Run) -> Callable[[], list[str]]:
    """Run each service's own tests with nobody else there; those that did not pass, a line each."""

    def ran() -> list[str]:
        names = [f"{name}-test" for name in stage.roles]
        codes = at_once(
            [partial(run, f"{name}-test", for_tests(stage, databases, run, name).url) for name in stage.roles]
        )
        return [f"{name} exits with {code}, not 0" for name, code in zip(names, codes, strict=True) if code]

    return ran


@pytest.fixture
def unnoticed(stage: Stage, databases: Databases, run: Run) -> Callable[[], list[str]]:
    """Run each service's own tests once for each planted bug; the bugs with which they passed."""
    owners = {table: name for name, owner in stage.contract.owners.items() for table in owner.tables}

    def run_with(table: str, plant: Callable[[PostgresTap], object]) -> int:
        database = for_tests(stage, databases, run, owners[table])
        with stage.tap(database) as tap:
            plant(tap)
            return run(f"{owners[table]}-test", tap.url_for(database.url))

    def listed() -> list[str]:
        codes = in_pairs([partial(run_with, table, plant) for table, plant in BUGS.values()])
        planted = [f"{owners[table]}: {bug}" for bug, (table, _) in BUGS.items()]
        return [said for said, code in zip(planted, codes, strict=True) if code == 0]

    return listed


def in_pairs(calls: Iterable[Callable[[], int]]) -> list[int]:
    """Call them two at a time; what they returned, in the same order."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda call: call(), calls))


def for_tests(stage: Stage, databases: Databases, run: Run, service: str) -> Adopted:
    """Return a database as the service's own release process leaves an empty one, and nobody else."""

    def released() -> Adopted:
        database = databases.empty(service)
        assert run(f"{service}-release", database.url) == 0
        return database

    return databases.copy_of(stage.once(f"{service}, released", released))
