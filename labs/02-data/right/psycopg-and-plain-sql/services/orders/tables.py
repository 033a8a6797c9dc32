"""Every statement that this service puts to its tables. Whoever calls commits.

The price of a line is moving from ``unit_price_cents`` to ``unit_gross_cents``: both are written, and the new one is read
unless it is empty.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from services.orders.db import Connection, Row
from services.orders.problems import Problem

ORDERS = """
SELECT o.id, o.user_id, o.status, o.subtotal_cents, o.discount_cents, o.total_cents, o.discount_code, o.payment_id,
       o.created_at, a.recipient, a.street, a.city, a.postcode, a.country
  FROM orders o JOIN addresses a ON a.id = o.address_id
"""
LINES = """
SELECT order_id, sku, quantity, coalesce(unit_gross_cents, unit_price_cents) AS unit_price_cents
  FROM order_lines WHERE order_id = ANY(%s) ORDER BY order_id, position
"""
ADDRESS = ("recipient", "street", "city", "postcode", "country")


async def find(db: Connection, order_id: int, *, lock: bool = False) -> Row:
    """Return one order with its lines; a Problem 404 if there is none. ``lock`` it to change it."""
    rows = await db.execute(f"{ORDERS} WHERE o.id = %s {'FOR UPDATE OF o' if lock else ''}", [order_id])
    found = await _whole(db, await rows.fetchall())
    if not found:
        raise Problem(404, f"no order {order_id}")
    return found[0]


async def some(db: Connection, user_id: int | None, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return orders, newest first, of one customer or of all, and how many there are."""
    whose = "%(user_id)s::integer IS NULL OR user_id = %(user_id)s"
    asked = {"user_id": user_id, "limit": limit, "offset": offset}
    rows = await db.execute(f"{ORDERS} WHERE {whose} ORDER BY o.id DESC LIMIT %(limit)s OFFSET %(offset)s", asked)
    found = await _whole(db, await rows.fetchall())
    return found, await _number(db, f"SELECT count(*) AS number FROM orders WHERE {whose}", asked)


async def add(db: Connection, order: Row, address: Row, lines: Sequence[Row]) -> int:
    """Store a new order with its address and its lines; return its id."""
    address_id = await _insert(db, "addresses", address)
    order_id = await _insert(db, "orders", {**order, "address_id": address_id})
    async with db.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO order_lines (order_id, position, sku, quantity, unit_price_cents, unit_gross_cents)
               VALUES (%(order_id)s, %(position)s, %(sku)s, %(quantity)s, %(cents)s, %(cents)s)""",
            [{**line, "order_id": order_id} for line in lines],
        )
    return order_id


async def change(db: Connection, order_id: int, status: str, payment_id: int | None) -> None:
    """Give an order a status, and the payment that decided it."""
    await db.execute("UPDATE orders SET status = %s, payment_id = %s WHERE id = %s", [status, payment_id, order_id])


async def discount(db: Connection, code: str) -> Row | None:
    """Return what there is to a code."""
    return await (await db.execute("SELECT kind, value, valid_until FROM discounts WHERE code = %s", [code])).fetchone()


async def reserve(db: Connection, pieces: Iterable[tuple[str, int]]) -> None:
    """Take pieces out of stock, or a Problem 409; sorted, so that two orders never wait for each other."""
    taking = "UPDATE stock SET available = available - %(n)s WHERE sku = %(sku)s AND available >= %(n)s"
    for sku, quantity in sorted(pieces):
        taken = await db.execute(taking, {"sku": sku, "n": quantity})
        if not taken.rowcount:
            raise Problem(409, f"not enough of {sku!r} in stock for {quantity}")


async def release(db: Connection, pieces: Iterable[tuple[str, int]]) -> None:
    """Put pieces back into stock."""
    for sku, quantity in sorted(pieces):
        await db.execute("UPDATE stock SET available = available + %s WHERE sku = %s", [quantity, sku])


async def _whole(db: Connection, orders: list[Row]) -> list[Row]:
    """Put orders together from their rows, their addresses and their lines."""
    lines: dict[int, list[Row]] = {order["id"]: [] for order in orders}
    for line in await (await db.execute(LINES, [list(lines)])).fetchall():
        lines[line["order_id"]].append(line)
    return [
        {**order, "address": {field: order[field] for field in ADDRESS}, "lines": lines[order["id"]]}
        for order in orders
    ]


async def _insert(db: Connection, table: str, row: Row) -> int:
    values = ", ".join(f"%({column})s" for column in row)
    return await _number(db, f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values}) RETURNING id AS number", row)


async def _number(db: Connection, query: str, values: Any) -> int:
    row = await (await db.execute(query, values)).fetchone()
    return int(row["number"]) if row else 0
