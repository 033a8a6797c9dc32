"""Move the orders, and all that belongs to them, out of the shop's database into our own, which gives them its numbers."""

import os
from typing import Any

import psycopg
from psycopg import Connection, IsolationLevel
from psycopg.rows import dict_row

ADDRESS = ("recipient", "street", "city", "postcode", "country")
ORDER = (
    "user_id",
    "address_id",
    "status",
    "subtotal_cents",
    "discount_cents",
    "total_cents",
    "discount_code",
    "payment_id",
    "created_at",
)
LINE = ("order_id", "position", "sku", "quantity", "unit_price_cents", "unit_gross_cents")

Rows = dict[str, Any]


def main() -> None:
    """Move everything or nothing: one moment of the shop's database, one transaction in ours."""
    with _connect("SOURCE_DATABASE_URL") as shop, _connect("DATABASE_URL") as ours:
        for row in shop.execute("SELECT code, kind, value, valid_until FROM discounts"):
            _put(ours, "discounts", row, "code", "kind", "value", "valid_until")
        for row in shop.execute("SELECT sku, available FROM stock"):
            _put(ours, "stock", row, "sku", "available")
        for order in shop.execute("SELECT * FROM orders ORDER BY id").fetchall():
            _move(shop, ours, order)
    print("the orders have moved", flush=True)


def _move(shop: Connection[Rows], ours: Connection[Rows], order: Rows) -> None:
    for address in shop.execute("SELECT * FROM addresses WHERE id = %s", [order["address_id"]]):
        order["address_id"] = _add(ours, "addresses", address, *ADDRESS)
    order_id = _add(ours, "orders", order, *ORDER)
    for line in shop.execute(
        "SELECT *, unit_price_cents AS unit_gross_cents FROM order_lines WHERE order_id = %s", [order["id"]]
    ):
        _put(ours, "order_lines", {**line, "order_id": order_id}, *LINE)


def _connect(variable: str) -> Connection[Rows]:
    """Connect for one transaction, which sees one moment, whatever others write meanwhile."""
    connection = psycopg.connect(os.environ[variable], row_factory=dict_row)
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    return connection


def _put(ours: Connection[Rows], table: str, row: Rows, *columns: str) -> None:
    values = ", ".join(f"%({column})s" for column in columns)
    ours.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) ON CONFLICT DO NOTHING", row)


def _add(ours: Connection[Rows], table: str, row: Rows, *columns: str) -> int:
    values = ", ".join(f"%({column})s" for column in columns)
    added = ours.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) RETURNING id", row).fetchone()
    return int(added["id"]) if added else 0


if __name__ == "__main__":
    main()
