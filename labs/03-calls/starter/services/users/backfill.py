"""Move the customers and their points out of the shop's database into our own. Run it as often as you like.

As long as nothing here was written by anybody else, the shop's database is the truth, and ours becomes what it is. From
the first customer or the first points that are added here, ours is the truth, and nothing is moved any more.
"""

import os
from typing import Any

import psycopg
from psycopg import Connection, Cursor, IsolationLevel

TABLES = {
    "users": "SELECT id, nickname, email FROM users",
    "points_entries": "SELECT id, user_id, order_id, points, reason FROM points_entries",
}
"""What is moved: each table after those that it refers to."""

# xmin is the transaction that wrote a row. A move writes all of these rows, so after it there is only one.
WRITERS = "SELECT xmin FROM users UNION SELECT xmin FROM points_entries"


def main() -> None:
    """Move everything or nothing: one moment of the shop's database, one transaction in ours."""
    with _connect("SOURCE_DATABASE_URL") as shop, _connect("DATABASE_URL") as ours:
        if len(ours.execute(WRITERS).fetchall()) > 1:
            print("users or points are added here already: nothing is moved any more", flush=True)
            return
        for table, query in TABLES.items():
            _write(ours, table, shop.execute(query))
        for numbers in ("users_id_seq", "points_entries_id_seq"):
            last = shop.execute(f"SELECT last_value FROM {numbers}").fetchone()  # noqa: S608  (both names are ours)
            ours.execute(f"SELECT setval('{numbers}', %s)", last)
    print("users are here as they are in the shop's database", flush=True)


def _connect(variable: str) -> Connection:
    """Connect for one transaction, which sees one moment, whatever others write meanwhile."""
    connection = psycopg.connect(os.environ[variable])
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    return connection


def _write(ours: Connection, table: str, rows: Cursor[Any]) -> None:
    """Write rows into a table of ours; one that is there already becomes what it is in the shop's database."""
    columns = [column.name for column in rows.description or ()]
    names, values = ", ".join(columns), ", ".join("%s" for _ in columns)
    news = ", ".join(f"excluded.{column}" for column in columns)
    with ours.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({values}) "  # noqa: S608  (all these names are ours)
            f"ON CONFLICT ON CONSTRAINT {table}_pkey DO UPDATE SET ({names}) = ROW ({news})",
            rows,
        )


if __name__ == "__main__":
    main()
