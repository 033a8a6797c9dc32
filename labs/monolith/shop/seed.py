"""Create the tables and fill them with a believable shop. A second run finds them there and changes nothing."""

import asyncio
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

# code, kind, value (percent or cents), last valid day
DISCOUNTS = [
    ("WELCOME10", "percent", 10, None),
    ("SPRING25", "percent", 25, None),
    ("FIVER", "amount", 500, None),
    ("EXPIRED1", "percent", 15, date(2025, 12, 31)),
]

NAMES = """Ada Lindqvist, Bao Nguyen, Carla Romero, Dmitri Volkov, Elif Kaya, Femi Adeyemi, Greta Hofmann, Hana Suzuki,
Igor Petrov, Jana Novak, Kofi Mensah, Lucia Ferri, Mateo Silva, Nora Berg, Omar Haddad, Priya Nair, Quentin Morel,
Rosa Delgado, Samir Patel, Tove Jensen, Uma Krishnan, Viktor Szabo, Wei Zhang, Ximena Torres, Yusuf Demir, Zofia Wójcik,
Aoife O'Brien, Björn Dahl, Chiara Conti, Daniel Weiss, Emma Janssen, Farid Rahimi, Gwen Price, Hugo Laurent, Ines Costa,
Jonas Keller, Kaja Horvat, Liam Murphy, Mei Lin, Noah Fischer"""

STREETS = ["Harbour Lane", "Mill Road", "Rue des Lilas", "Lindenallee", "Via Roma", "Calle Mayor", "Kerkstraat"]
CITIES = [
    ("Lyon", "69002", "FR"),
    ("Leipzig", "04109", "DE"),
    ("Porto", "4000-322", "PT"),
    ("Ghent", "9000", "BE"),
    ("Turin", "10123", "IT"),
    ("Aarhus", "8000", "DK"),
    ("Graz", "8010", "AT"),
]

ORDERS = 120
FIRST_ORDER = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
# Of ten orders, in this turn; it makes 24 created, 24 paid, 24 shipped, 36 delivered and 12 cancelled.
STATUSES = [
    "created",
    "delivered",
    "paid",
    "shipped",
    "delivered",
    "cancelled",
    "paid",
    "delivered",
    "created",
    "shipped",
]

Rows = dict[str, list[tuple[Any, ...]]]


def main() -> None:
    """Seed the database at DATABASE_URL."""
    asyncio.run(_seed(os.environ["DATABASE_URL"]))


async def _seed(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(20260302)"
            )  # two at once: the second waits, then sees
            if await connection.fetchval("SELECT to_regclass('users') IS NOT NULL"):
                print("the shop is there already", flush=True)
                return
            await connection.execute((Path(__file__).parent / "schema.sql").read_text())
            for table, rows in _rows().items():
                await connection.copy_records_to_table(table, records=rows)
            for table in ("users", "addresses", "orders", "points_entries", "payments"):
                await connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608
                )
    finally:
        await connection.close()
    print(f"a shop with {len(PRODUCTS)} products and {ORDERS} orders", flush=True)


def _rows() -> Rows:
    rows: Rows = {
        "users": _users(),
        "products": [(sku, name, text) for sku, name, text, _, _ in PRODUCTS],
        "prices": [(sku, cents) for sku, _, _, cents, _ in PRODUCTS],
        "stock": [(sku, pieces) for sku, _, _, _, pieces in PRODUCTS],
        "discounts": list(DISCOUNTS),
        "addresses": [],
        "orders": [],
        "order_lines": [],
        "points_entries": [],
        "payments": [],
    }
    chance = Random(2026)  # noqa: S311  (the same shop for everybody, not a secret)
    for order_id in range(1, ORDERS + 1):
        _add_order(rows, order_id, chance)
    return rows


def _users() -> list[tuple[Any, ...]]:
    names = [name.strip() for name in NAMES.replace("\n", " ").split(",")]
    return [
        (number, name.split()[0], f"{name.split()[0].lower()}{number}@bazaar.example")
        for number, name in enumerate(names, 1)
    ]


def _add_order(rows: Rows, order_id: int, chance: Random) -> None:
    user_id, nickname, _ = chance.choice(rows["users"])
    status = STATUSES[order_id % len(STATUSES)]
    lines = [
        (order_id, position, sku, chance.choice([1, 1, 1, 2, 2, 3, 4]), cents)
        for position, (sku, _, _, cents, _) in enumerate(chance.sample(PRODUCTS, chance.choice([1, 1, 2, 2, 3, 4])))
    ]
    subtotal = sum(quantity * cents for _, _, _, quantity, cents in lines)
    code, kind, value, _ = chance.choice(DISCOUNTS)
    if order_id % 4:  # three of four buyers have no code
        code, off = None, 0
    else:
        off = min(subtotal, subtotal * value // 100 if kind == "percent" else value)
    total = subtotal - off
    payment_id = _add_payment(rows, order_id, total, status, chance)
    made = FIRST_ORDER + timedelta(hours=36 * order_id, minutes=chance.randrange(600))
    rows["addresses"].append(_address(order_id, user_id, nickname))
    rows["order_lines"].extend(lines)
    rows["orders"].append((order_id, user_id, order_id, status, subtotal, off, total, code, payment_id, made))
    _add_points(rows, order_id, user_id, total // 100, "order_created")
    if status == "cancelled":
        _add_points(rows, order_id, user_id, -(total // 100), "order_cancelled")


def _address(address_id: int, user_id: int, nickname: str) -> tuple[Any, ...]:
    city, postcode, country = CITIES[user_id % len(CITIES)]
    return address_id, nickname, f"{STREETS[user_id % len(STREETS)]} {user_id + 3}", city, postcode, country


def _add_payment(rows: Rows, order_id: int, total: int, status: str, chance: Random) -> int | None:
    """Pay for an order that is past that; every other cancelled one was cancelled because paying failed."""
    if status == "created" or (status == "cancelled" and order_id % 20 > 9):  # noqa: PLR2004
        return None
    payment_id = len(rows["payments"]) + 1
    result = "failed" if status == "cancelled" else "captured"
    rows["payments"].append((payment_id, order_id, total, chance.choice(["card", "paypal", "invoice"]), result))
    return payment_id


def _add_points(rows: Rows, order_id: int, user_id: int, points: int, reason: str) -> None:
    rows["points_entries"].append((len(rows["points_entries"]) + 1, user_id, order_id, points, reason))


if __name__ == "__main__":
    main()
