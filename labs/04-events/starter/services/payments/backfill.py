"""Move the payments out of the shop's database into our own. Run it as often as you like.

As long as nothing here was written by anybody else, the shop's database is the truth, and ours becomes what it is. From the
first payment that is begun or decided here, ours is the truth, and nothing is moved any more. Nobody is told of what is
moved: it was told when it happened.
"""

import os
from typing import Any

import psycopg
from psycopg import Connection, Cursor, IsolationLevel

PAYMENTS = "SELECT id, order_id, amount_cents, channel, status FROM payments"

# xmin is the transaction that wrote a row. A move writes all of these rows, so after it there is only one.
WRITERS = "SELECT DISTINCT xmin::text FROM payments"


def main() -> None:
    """Move everything or nothing: one moment of the shop's database, one transaction in ours."""
    with _connect("SOURCE_DATABASE_URL") as shop, _connect("DATABASE_URL") as ours:
        if len(ours.execute(WRITERS).fetchall()) > 1:
            print("payments are begun or decided here already: nothing is moved any more", flush=True)
            return
        _write(ours, shop.execute(PAYMENTS))
        last = shop.execute("SELECT last_value FROM payments_id_seq").fetchone()
        ours.execute("SELECT setval('payments_id_seq', %s)", last)
    print("payments are here as they are in the shop's database", flush=True)


def _connect(variable: str) -> Connection:
    """Connect for one transaction, which sees one moment, whatever others write meanwhile."""
    connection = psycopg.connect(os.environ[variable])
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    return connection


def _write(ours: Connection, payments: Cursor[Any]) -> None:
    """Write payments into our table; one that is there already becomes what it is in the shop's database."""
    with ours.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO payments (id, order_id, amount_cents, channel, status) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET (order_id, amount_cents, channel, status) "
            "= ROW (excluded.order_id, excluded.amount_cents, excluded.channel, excluded.status)",
            payments,
        )


if __name__ == "__main__":
    main()
