"""Databases that somebody's SQL made with psql: run, taken, copied with their rights, let down."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import psycopg
import pytest

from checker.backing import open_postgres, psql
from checker.backing.adopting import Adopted, adopt
from checker.backing.places import server_uid
from checker.backing.psql import run_sql
from checker.errors import LearnerFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.backing import Postgres

PASSWORDS = {"shop": "s3cret", "orders": "o'rders"}
VARIABLES = {"SHOP_DB_PASSWORD": "s3cret", "ORDERS_DB_PASSWORD": "o'rders"}
SQL = rb"""
\getenv shop_password SHOP_DB_PASSWORD
\getenv orders_password ORDERS_DB_PASSWORD
CREATE ROLE shop LOGIN PASSWORD :'shop_password';
CREATE ROLE orders LOGIN PASSWORD :'orders_password';
CREATE DATABASE shop OWNER shop;
CREATE DATABASE orders OWNER orders;
REVOKE CONNECT ON DATABASE orders FROM PUBLIC;
ALTER DATABASE orders SET statement_timeout = '7s';
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with open_postgres() as postgres:
        run_sql(postgres.url, "10-all.sql", SQL, VARIABLES)
        yield postgres


@pytest.fixture
def orders(server: Postgres) -> Adopted:
    return adopt(server, PASSWORDS, "infra/postgres")["orders"]


def knock(url: str) -> str:
    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SHOW statement_timeout").fetchone()
            return str(row[0]) if row else ""
    except psycopg.OperationalError as error:
        return str(error).partition("FATAL:")[2].split("\n")[0].strip()


def test_passwords_come_in_by_getenv(orders: Adopted) -> None:
    """The SQL reads the passwords from its environment; then they open the database, and its settings hold."""
    assert knock(orders.url) == "7s"


def test_copy_has_the_rights_of_its_original(server: Postgres, orders: Adopted) -> None:
    """Who was refused by the original is refused by the copy, and what was set for it is set for the copy."""
    shop = adopt(server, PASSWORDS, "")["shop"]
    copy = orders.copy("orders_1")

    assert knock(copy.url) == "7s"
    assert knock(shop.url_of("orders_1")) == 'permission denied for database "orders_1"'
    assert knock(orders.url_of("shop")) == "0"  # nobody has taken that from PUBLIC
    copy.drop()


def test_copy_has_the_data_and_throws_out_who_is_in(orders: Adopted) -> None:
    """Somebody who is connected does not keep a database from being copied."""
    with psycopg.connect(orders.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS n")
        copy = orders.copy("orders_2")
        with psycopg.connect(copy.url) as there:
            row = there.execute("SELECT n FROM t").fetchone()
    copy.drop()

    assert row == (42,)


def test_database_that_is_down_lets_nobody_in(orders: Adopted) -> None:
    """While it is down, who was in is out, and nobody comes in; afterwards all do."""
    with psycopg.connect(orders.url, autocommit=True) as connection, orders.down():
        during = knock(orders.url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    assert "not currently accepting connections" in during
    assert knock(orders.url) == "7s"


@pytest.mark.parametrize(
    ("service", "missing"), [("users", "no database 'users'"), ("postgres2", "no database 'postgres2'")]
)
def test_what_was_not_made_is_named(server: Postgres, service: str, missing: str) -> None:
    """The sentence names what is missing, and what there is."""
    with pytest.raises(LearnerFault, match=missing) as raised:
        adopt(server, {service: "x"}, "infra/postgres")

    assert "orders" in str(raised.value)


def test_error_names_file_and_line(server: Postgres) -> None:
    """What PostgreSQL does not take is told with the file's name, the line, and its words."""
    with pytest.raises(LearnerFault, match=r"20-more\.sql:2: ERROR: .*syntax error"):
        run_sql(server.url, "20-more.sql", b"SELECT 1;\nCREATE TABEL t();\n", {})


def test_nothing_after_an_error_is_run(server: Postgres, orders: Adopted) -> None:
    """The first error ends the file."""
    with pytest.raises(LearnerFault):
        run_sql(server.url, "30.sql", b"SELECT 1/0;\nCREATE ROLE late;\n", {})
    with orders.admin() as connection:
        rows = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'late'").fetchall()

    assert rows == []


def test_file_that_does_not_end_is_ended(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that waits for ever is told as such."""
    monkeypatch.setattr(psql, "LONGEST", 0.3)

    with pytest.raises(LearnerFault, match=r"40\.sql was not done after"):
        run_sql(server.url, "40.sql", b"SELECT pg_sleep(20);", {})


@pytest.mark.needs("root")
def test_programs_of_an_administrator_are_not_ours(server: Postgres) -> None:
    """What an administrator's SQL starts runs as the user of the servers, with nothing of our environment."""
    os.environ["SEAMWORK_TEST_CANARY"] = "canary"
    sql = rb"""
    \set uid `id -u`
    \set canary `echo $SEAMWORK_TEST_CANARY`
    CREATE TABLE who AS SELECT :'uid' AS uid, :'canary' AS canary;
    """
    with contextlib.suppress(KeyError):
        run_sql(server.url, "50.sql", sql, {})
        del os.environ["SEAMWORK_TEST_CANARY"]
    with server.admin("postgres") as connection:
        row = connection.execute("SELECT uid, canary FROM who").fetchone()

    assert row == (str(server_uid()), "")
