"""Which tables a statement touches."""

from __future__ import annotations

import pytest

from checker.coupling.sql import Touched, tables, tag

READS = {
    "SELECT 1 FROM orders JOIN users AS u ON u.id = orders.user_id LEFT OUTER JOIN public.stock s USING (sku)": "orders users stock",
    "SELECT o.id FROM orders o, order_lines AS l WHERE o.id IN (1, 2)": "orders order_lines",
    "SELECT anon.x FROM (SELECT id AS x FROM orders FOR UPDATE OF orders) AS anon": "orders",
    "SELECT 1 FROM a UNION SELECT 2 FROM b": "a b",
    "SELECT count(*) AS from_users FROM orders -- FROM users\n /* JOIN stock */ WHERE x = 'FROM prices'": "orders",
    "SELECT extract(year FROM d), trim(both FROM e) FROM orders WHERE a IS DISTINCT FROM b": "orders",
    'SELECT 1 FROM "Odd name", generate_series(1, 2) AS g, LATERAL (SELECT 1 FROM prices) AS p': "Odd_name prices",
    "WITH recent AS (SELECT id FROM orders), t (x) AS (SELECT 1) SELECT 1 FROM recent, t JOIN users ON true": "orders users",
    "SELECT 'it''s \\' FROM orders WHERE note = E'\\' FROM users'": "orders",
}
WRITES = {
    "INSERT INTO orders (id, total) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET total = excluded.total": "orders",
    "UPDATE stock SET available = (stock.available - $1::INTEGER), x = 2 WHERE sku = $2 RETURNING sku": "stock",
    "DELETE FROM ONLY public.orders WHERE id = 1": "orders",
    "TRUNCATE TABLE orders, order_lines": "orders order_lines",
    "MERGE INTO stock USING (SELECT 1) AS n ON true WHEN MATCHED THEN UPDATE SET available = 1": "stock",
    "COPY orders FROM STDIN": "orders",
}


def names(text: str) -> frozenset[str]:
    """Return the names in a row of them."""
    return frozenset(name.replace("Odd_", "Odd ") for name in text.split())


@pytest.mark.parametrize(("sql", "expected"), READS.items())
def test_tables_that_are_read(sql: str, expected: str) -> None:
    """What FROM and JOIN name is read; what only looks like it is not."""
    assert tables(sql) == Touched(reads=names(expected))


@pytest.mark.parametrize(("sql", "expected"), WRITES.items())
def test_tables_that_are_written(sql: str, expected: str) -> None:
    """INTO, UPDATE, DELETE FROM and TRUNCATE name what is written."""
    assert tables(sql) == Touched(writes=names(expected))


def test_statement_that_does_both() -> None:
    """One statement may read one table and write another."""
    touched = tables("DELETE FROM orders o USING users u, prices WHERE u.id = o.user_id")

    assert touched == Touched(reads=names("users prices"), writes=names("orders"))


@pytest.mark.parametrize(
    "sql", ["BEGIN;", "SET x = 1", "show all", "", "select pg_catalog.version()", "SELECT 1 FROM pg_type"]
)
def test_housekeeping_touches_nothing(sql: str) -> None:
    """Transactions, settings and the catalogue are no table of anybody's."""
    assert tables(sql) == Touched()


@pytest.mark.parametrize(
    "sql", ["DO $$ BEGIN DELETE FROM orders; END $$", "CALL settle(1)", "CREATE TABLE x AS SELECT 1"]
)
def test_what_cannot_be_read_is_opaque(sql: str) -> None:
    """It is said, and not guessed."""
    assert tables(sql).opaque


def test_tag_names_the_domain() -> None:
    """The session factory's comment tells modules apart inside one process."""
    assert [tag("/* domain:orders */ SELECT 1"), tag("SELECT 1 -- domain: orders")] == ["orders", ""]
