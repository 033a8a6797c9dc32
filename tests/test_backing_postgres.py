"""Databases, their roles, templates, and what was asked of them, on a real embedded server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from checker.backing import open_postgres
from checker.errors import Blocked, EngineFault, LearnerFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.backing import Database, Postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with open_postgres("embedded", statements=True) as postgres:
        yield postgres


@pytest.fixture
def orders(server: Postgres) -> Iterator[Database]:
    database = server.database("orders")
    yield database
    database.drop()


def ask(url: str, query: str, **options: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True, **options) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_database_belongs_to_its_role(orders: Database) -> None:
    """A database is its own role's, who may make tables there."""
    ask(orders.url, "CREATE TABLE t (id serial)")

    assert ask(orders.url, "SELECT current_user, current_database()") == [("orders", "orders")]


@pytest.mark.parametrize("elsewhere", ["users", "postgres", "template1"])
def test_role_sees_only_its_own_database(server: Postgres, orders: Database, elsewhere: str) -> None:
    """A role is refused by every database that is not its own."""
    users = server.database("users")

    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        ask(orders.url, "SELECT 1", dbname=elsewhere)
    users.drop()


def test_wrong_password_is_refused(orders: Database) -> None:
    """Nobody comes in without the password."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(orders.url, "SELECT 1", password="guess")


def test_given_password_is_kept(server: Postgres) -> None:
    """A password that is handed in is the one that works."""
    database = server.database("given", owner_password="s3cret")

    assert database.url.startswith("postgresql://given:s3cret@127.0.0.1:")
    assert ask(database.url, "SELECT 1") == [(1,)]


def test_clone_has_what_its_template_had(server: Postgres, orders: Database) -> None:
    """A clone starts with the rows of the template and belongs to the same role."""
    ask(orders.url, "CREATE TABLE t AS SELECT 7 AS id")
    clone = server.database("clone", owner="orders", template=server.template_from(orders))

    ask(clone.url, "ALTER TABLE t ADD COLUMN x int")

    assert ask(clone.url, "SELECT id FROM t") == [(7,)]
    clone.drop()


def test_template_does_not_change_with_its_source(server: Postgres, orders: Database) -> None:
    """A template is the database as it was when it was taken."""
    ask(orders.url, "CREATE TABLE t AS SELECT 7 AS id")
    template = server.template_from(orders)
    ask(orders.url, "UPDATE t SET id = 8")

    clone = server.database("later", owner="orders", template=template)

    assert ask(clone.url, "SELECT id FROM t") == [(7,)]


def test_template_is_taken_from_under_a_connection(server: Postgres, orders: Database) -> None:
    """Whoever is connected to a database that becomes a template is thrown out, and may come back."""
    with psycopg.connect(orders.url, autocommit=True) as connection:
        server.template_from(orders)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert ask(orders.url, "SELECT 1") == [(1,)]


def test_nobody_enters_a_template(server: Postgres, orders: Database) -> None:
    """Not even its owner can connect to a template and change it."""
    template = server.template_from(orders)

    with pytest.raises(psycopg.OperationalError, match="not currently accepting"):
        ask(orders.url, "SELECT 1", dbname=template)


def test_role_for_tables_reads_and_writes_them(orders: Database) -> None:
    """A restricted role works on its tables, the sequences of their columns included."""
    ask(orders.url, "CREATE TABLE mine (id serial, other int GENERATED ALWAYS AS IDENTITY)")
    url = orders.role_for("orders", ["mine"])

    ask(url, "INSERT INTO mine DEFAULT VALUES; UPDATE mine SET id = 5; DELETE FROM mine WHERE id = 6")

    assert ask(url, "SELECT id, other FROM mine") == [(5, 1)]
    assert ask(url, "SELECT nextval(pg_get_serial_sequence('mine', 'other'))") == [(2,)]


@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM theirs", "INSERT INTO theirs VALUES (1)", "CREATE TABLE new (id int)", "DROP TABLE mine"],
)
def test_role_for_tables_is_refused_the_rest(orders: Database, statement: str) -> None:
    """A restricted role cannot touch another table, make one, or drop its own."""
    ask(orders.url, "CREATE TABLE mine (id serial); CREATE TABLE theirs (id serial)")
    url = orders.role_for("orders", ["mine"])

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(url, statement)


def test_role_for_a_missing_table_names_it(orders: Database) -> None:
    """A table that is not there is the learner's to know about, by name."""
    with pytest.raises(LearnerFault, match="Database 'orders' has no table 'order_lines'"):
        orders.role_for("orders", ["order_lines"])


def test_dropped_database_takes_its_roles_along(server: Postgres) -> None:
    """Dropping a database drops its role and those made for its tables, connected or not."""
    database = server.database("gone")
    restricted = database.role_for("gone", [])
    with psycopg.connect(restricted):
        database.drop()
    with server.admin() as admin:
        left = admin.execute("SELECT 1 FROM pg_roles WHERE rolname LIKE 'gone%'").fetchall()

    assert left == []


def test_shared_role_outlives_one_clone(server: Postgres) -> None:
    """A role goes only with the last database that is its own."""
    first = server.database("first", owner="shared")
    second = server.database("second", owner="shared")

    first.drop()

    assert ask(second.url, "SELECT 1") == [(1,)]


def test_same_name_twice_is_refused(server: Postgres, orders: Database) -> None:
    """A database is never silently taken for another."""
    with pytest.raises(EngineFault, match="There is a database 'orders' already"):
        server.database(orders.name)


def test_refusal_is_quoted(server: Postgres) -> None:
    """What PostgreSQL refuses is told in its own words, and leaves neither database nor role."""
    with pytest.raises(
        EngineFault, match=r'refused .* on lost, lost, nowhere: template database "nowhere" does not exist'
    ):
        server.database("lost", template="nowhere")

    with server.admin() as admin:
        assert admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'lost'").fetchall() == []


@pytest.mark.parametrize("name", ["", "Orders", "1st", "a b", 'a"; DROP', "a" * 25])
def test_odd_name_is_refused(server: Postgres, name: str) -> None:
    """Names stay plain, so that they can be read in a URL and in psql."""
    with pytest.raises(UsageError, match="cannot be the name"):
        server.database(name)


def test_broken_admin_connection_is_made_anew() -> None:
    """When the kept connection is cut, the next statement makes another."""
    with open_postgres() as postgres:
        with postgres.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

        assert ask(postgres.database("after").url, "SELECT 1") == [(1,)]


def test_statements_are_told_apart(server: Postgres, orders: Database) -> None:
    """A statement is kept with its database, its tag and its comment, over several lines."""
    ask(orders.url, "SELECT 1 -- a comment\n\t+ 1", application_name="shop.orders")

    assert server.statements()[-1] == ("orders", "shop.orders", "SELECT 1 -- a comment\n\t+ 1")


def test_prepared_statements_are_seen(server: Postgres, orders: Database) -> None:
    """What a driver sends with parameters is seen without their values."""
    with psycopg.connect(orders.url, autocommit=True) as connection:
        connection.execute("SELECT %s::int", [41], prepare=True)

    assert server.statements()[-1].sql == "SELECT $1::int"


def test_our_own_statements_are_left_out(server: Postgres) -> None:
    """The checker's work on the server is not the learner's."""
    server.database("quiet").drop()

    assert [found for found in server.statements() if "quiet" in found.sql] == []


def test_statements_must_be_asked_for() -> None:
    """A server that was not told to keep statements says so."""
    with open_postgres() as postgres, pytest.raises(EngineFault, match="not captured"):
        postgres.statements()


def test_version_and_url_are_known(server: Postgres) -> None:
    """The version is the server's own, the URL is on loopback."""
    with server.admin() as admin:
        said = admin.execute("SHOW server_version").fetchone()

    assert (server.version,) == said
    assert "@127.0.0.1:" in server.url


def test_unknown_backing_is_refused() -> None:
    """What is no backing is named, without a password that may be in it."""
    with pytest.raises(UsageError, match=r"'mysql://me@here/x' is no backing"):
        open_postgres("mysql://me:secret@here/x")


def test_unreachable_server_is_named_without_password() -> None:
    """A URL nobody answers at is blocked, and its password is not told."""
    with pytest.raises(Blocked, match=r"postgresql://me@127\.0\.0\.1:1/x cannot be used") as found:
        open_postgres("postgresql://me:secret@127.0.0.1:1/x")

    assert "secret" not in str(found.value)
