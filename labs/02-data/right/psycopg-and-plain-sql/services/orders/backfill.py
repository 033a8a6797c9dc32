"""Move the orders, and all that belongs to them, out of the shop's database into our own. Run it as often as you like.

What each move leaves is noted in ``moved``. As long as the orders here are still those, the shop's database is the truth;
once there is another, or one has changed, ours is, and nothing is moved any more.
"""

import os
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql

COLUMNS = {
    "discounts": ("code", "kind", "value", "valid_until"),
    "stock": ("sku", "available"),
    "addresses": ("id", "recipient", "street", "city", "postcode", "country"),
    "orders": (
        *("id", "user_id", "address_id", "status", "subtotal_cents", "discount_cents", "total_cents"),
        *("discount_code", "payment_id", "created_at"),
    ),
    "order_lines": ("order_id", "position", "sku", "quantity", "unit_price_cents"),
}
"""What is moved: each table after those that it refers to."""

OURS = """
SELECT count(*) FROM orders LEFT JOIN moved ON order_id = id WHERE orders.status IS DISTINCT FROM moved.status
"""
"""How many orders are not as the last move left them."""

Connection = psycopg.Connection[tuple[Any, ...]]


def main() -> None:
    """Move everything or nothing: one moment of the shop's database, one transaction in ours."""
    with _connect("SOURCE_DATABASE_URL") as shop, _connect("DATABASE_URL") as ours:
        if ours.execute(OURS).fetchone() != (0,):
            print("orders are taken or changed here already: nothing is moved any more", flush=True)
            return
        for table, columns in COLUMNS.items():
            _copy(shop, ours, table, columns)
        for table in ("addresses", "orders"):
            _set_sequence(shop, ours, table)
        ours.execute("UPDATE order_lines SET unit_gross_cents = unit_price_cents")
        ours.execute("DELETE FROM moved")
        ours.execute("INSERT INTO moved SELECT id, status FROM orders")
    print("orders are here as they are in the shop's database", flush=True)


def _connect(variable: str) -> Connection:
    connection = psycopg.connect(os.environ[variable])
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    return connection


def _copy(shop: Connection, ours: Connection, table: str, columns: tuple[str, ...]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    news = sql.SQL(", ").join(sql.Identifier("excluded", column) for column in columns)
    values = sql.SQL(", ").join(sql.Placeholder() * len(columns))
    write = sql.SQL(
        "INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT ON CONSTRAINT {key} DO UPDATE SET ({names}) = ROW ({news})"
    ).format(table=sql.Identifier(table), names=names, values=values, key=sql.Identifier(f"{table}_pkey"), news=news)
    rows = shop.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table))).fetchall()
    with ours.cursor() as cursor:
        cursor.executemany(write, rows)


def _set_sequence(shop: Connection, ours: Connection, table: str) -> None:
    sequence = f"{table}_id_seq"
    last = shop.execute(sql.SQL("SELECT last_value FROM {}").format(sql.Identifier(sequence))).fetchone()
    if last:
        ours.execute("SELECT setval(%s, %s)", [sequence, *last])


if __name__ == "__main__":
    main()
