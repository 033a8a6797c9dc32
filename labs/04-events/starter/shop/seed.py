"""Fill the tables with a believable shop. A second run finds it there and changes nothing.

Customers, points, orders, stock, discounts and payments are in it too: this is where they were before they moved, and
where they are moved from.
"""

import asyncio
import csv
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it brings no types

HERE = Path(__file__).parent

# code, kind, value (percent or cents), last valid day
DISCOUNTS = [
    ("WELCOME10", "percent", 10, None),
    ("SPRING25", "percent", 25, None),
    ("FIVER", "amount", 500, None),
    ("EXPIRED1", "percent", 15, date(2025, 12, 31)),
]
# In turn: of 120 orders 20 are created, 20 paid, 20 shipped, 40 delivered, 20 cancelled.
STATUSES = ["delivered", "created", "shipped", "paid", "cancelled", "delivered"]
ORDERS = 120
FIRST_ORDER = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)

Rows = dict[str, list[tuple[Any, ...]]]


def main() -> None:
    """Seed the database at DATABASE_URL."""
    asyncio.run(_seed(os.environ["DATABASE_URL"]))


async def _seed(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            # Two at once: the second one waits here, and then finds the shop.
            await connection.execute("SELECT pg_advisory_xact_lock(20260302)")
            if await connection.fetchval("SELECT EXISTS (SELECT FROM users)"):
                print("the shop is there already", flush=True)
            else:
                await _fill(connection, _rows())
    finally:
        await connection.close()


async def _fill(connection: Any, rows: Rows) -> None:
    for table, records in rows.items():
        await connection.copy_records_to_table(table, records=records)
    for table in ("users", "addresses", "orders", "points_entries", "payments"):
        largest = len(rows[table])
        await connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {largest})")
    print(f"a shop with {len(rows['products'])} products and {len(rows['orders'])} orders", flush=True)


def _read(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _rows() -> Rows:
    goods, people = _read("products.csv"), _read("customers.csv")
    rows: Rows = {
        "users": [_user(number, person["name"]) for number, person in enumerate(people, 1)],
        "products": [(row["sku"], row["name"], row["description"]) for row in goods],
        "prices": [(row["sku"], int(row["price_cents"])) for row in goods],
        "stock": [(row["sku"], int(row["pieces"])) for row in goods],
        "discounts": list(DISCOUNTS),
        "addresses": [],
        "orders": [],
        "order_lines": [],
        "points_entries": [],
        "payments": [],
    }
    chance = Random(2026)  # noqa: S311  (the same shop for everybody, not a secret)
    for order_id in range(1, ORDERS + 1):
        user_id, person = chance.choice(list(enumerate(people, 1)))
        rows["addresses"].append((order_id, *person.values()))
        _add_order(rows, order_id, user_id, chance)
    return rows


def _user(user_id: int, name: str) -> tuple[Any, ...]:
    nickname, _, _ = name.partition(" ")
    return user_id, nickname, f"{nickname.lower()}{user_id}@bazaar.example"


def _add_order(rows: Rows, order_id: int, user_id: int, chance: Random) -> None:
    status = STATUSES[order_id % len(STATUSES)]
    bought = chance.sample(rows["prices"], chance.choice([1, 1, 2, 2, 3, 4]))
    lines = [(order_id, at, sku, chance.choice([1, 1, 1, 2, 2, 3, 4]), cents) for at, (sku, cents) in enumerate(bought)]
    subtotal = sum(quantity * cents for *_, quantity, cents in lines)
    code, off = _discount(subtotal, chance)
    total = subtotal - off
    paid_by = _add_payment(rows, order_id, total, status, chance)
    created_at = FIRST_ORDER + timedelta(hours=36 * order_id, minutes=chance.choice(range(600)))
    rows["orders"].append((order_id, user_id, order_id, status, subtotal, off, total, code, paid_by, created_at))
    rows["order_lines"].extend(lines)
    _add_points(rows, user_id, order_id, total // 100, "order_created")
    if status == "cancelled":
        _add_points(rows, user_id, order_id, -(total // 100), "order_cancelled")


def _discount(subtotal: int, chance: Random) -> tuple[str | None, int]:
    """Give one buyer of four a code that is still good."""
    code, kind, value, _ = chance.choice(DISCOUNTS[:3])
    if chance.choice([True, True, True, False]):
        return None, 0
    return code, min(subtotal, subtotal * value // 100 if kind == "percent" else value)


def _add_payment(rows: Rows, order_id: int, total: int, status: str, chance: Random) -> int | None:
    """Pay for an order, unless it is new; one that is cancelled has seen its payment fail."""
    if status == "created":
        return None
    payment_id = len(rows["payments"]) + 1
    channel = chance.choice(["card", "paypal", "invoice"])
    rows["payments"].append((payment_id, order_id, total, channel, "failed" if status == "cancelled" else "captured"))
    return payment_id


def _add_points(rows: Rows, user_id: int, order_id: int, points: int, reason: str) -> None:
    rows["points_entries"].append((len(rows["points_entries"]) + 1, user_id, order_id, points, reason))


if __name__ == "__main__":
    main()
