"""A PostgreSQL that someone lends by its URL: used beside others, and left as it was found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from checker.backing import open_postgres
from checker.backing.naming import run_of
from checker.errors import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.backing import Postgres


@pytest.fixture(scope="module")
def lender() -> Iterator[Postgres]:
    with open_postgres("embedded") as postgres:
        yield postgres


def listed(lender: Postgres) -> list[str]:
    """Return the databases and roles of ours that are on the server."""
    names = "SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"
    with lender.admin() as admin:
        return [name for (name,) in admin.execute(names) if name.startswith("seamwork_")]


def left_behind(lender: Postgres, name: str) -> None:
    with lender.admin() as admin:
        admin.execute(f'CREATE ROLE "{name}"'.encode())
        admin.execute(f'CREATE DATABASE "{name}" OWNER "{name}"'.encode())


def removed(lender: Postgres, name: str) -> None:
    with lender.admin() as admin:
        admin.execute(f'DROP DATABASE "{name}"'.encode())
        admin.execute(f'DROP ROLE "{name}"'.encode())


def old(run: str = "abc123") -> str:
    return f"seamwork_{int(time.time()) - 4000}_{run}_orders"


def test_lent_server_is_left_as_it_was(lender: Postgres) -> None:
    """All that a run made, templates and restricted roles included, is gone when it ends."""
    with open_postgres(lender.url) as postgres:
        orders = postgres.database("orders")
        clone = postgres.database("clone", owner="orders", template=postgres.template_from(orders))
        psycopg.connect(clone.role_for("orders", [])).close()
        assert len(listed(lender)) == 5

    assert listed(lender) == []


def test_two_runs_do_not_meet(lender: Postgres) -> None:
    """Two runs on one server have a database "orders" each."""
    with open_postgres(lender.url) as first, open_postgres(lender.url) as second:
        names = {first.database("orders").name, second.database("orders").name}

        assert len(names) == 2


def test_crashed_run_s_things_are_dropped(lender: Postgres) -> None:
    """What a run made more than an hour ago and nobody holds is dropped at the next start."""
    left_behind(lender, old())

    open_postgres(lender.url).close()

    assert listed(lender) == []


def test_young_things_are_left_alone(lender: Postgres) -> None:
    """What was made within the hour may belong to a run on another machine, and stays."""
    name = f"seamwork_{int(time.time())}_abc123_orders"
    left_behind(lender, name)

    open_postgres(lender.url).close()

    assert listed(lender) == [name, name]
    removed(lender, name)


def test_living_run_s_things_are_left_alone(lender: Postgres) -> None:
    """However old they are, the things of a run that is still connected stay."""
    with open_postgres(lender.url) as living:
        name = old(run_of(living.database("orders").name, now=time.time() + 4000) or "")
        left_behind(lender, name)

        open_postgres(lender.url).close()

        assert name in listed(lender)
    removed(lender, name)


def test_names_of_others_are_left_alone(lender: Postgres) -> None:
    """Only names of our own pattern are ever dropped."""
    left_behind(lender, "seamwork_orders")

    open_postgres(lender.url).close()

    assert listed(lender) == ["seamwork_orders", "seamwork_orders"]
    removed(lender, "seamwork_orders")


def test_administrator_without_all_rights_will_do(lender: Postgres) -> None:
    """CREATEDB and CREATEROLE are enough, as managed servers give them."""
    with lender.admin() as admin:
        admin.execute("CREATE ROLE manager LOGIN CREATEDB CREATEROLE PASSWORD 'pw'")
        admin.execute("GRANT CONNECT ON DATABASE postgres TO manager")

    with open_postgres(lender.url.replace(lender.url.split("@")[0], "postgresql://manager:pw")) as postgres:
        orders = postgres.database("orders")
        with psycopg.connect(orders.url) as connection:
            connection.execute("CREATE TABLE t (id serial)")
        clone = postgres.database("clone", owner="orders", template=postgres.template_from(orders))
        psycopg.connect(clone.role_for("orders", ["t"])).close()
    assert listed(lender) == []


def test_administrator_without_rights_is_told(lender: Postgres) -> None:
    """A role that may not create databases is named, with what would help."""
    user = lender.database("simple")
    with lender.admin() as admin:
        admin.execute("GRANT CONNECT ON DATABASE postgres TO simple")

    with pytest.raises(Blocked, match=r"'simple' may not create .* ALTER ROLE simple CREATEDB CREATEROLE"):
        open_postgres(user.url)


def test_query_of_the_url_is_kept(lender: Postgres) -> None:
    """What stands behind the URL's question mark holds for learners as well."""
    with open_postgres(lender.url + "?sslmode=disable") as postgres:
        assert postgres.database("orders").url.endswith("_orders?sslmode=disable")


def test_statements_of_a_lent_server_are_blocked(lender: Postgres) -> None:
    """The log of a lent server cannot be read, which is said."""
    with open_postgres(lender.url) as postgres, pytest.raises(Blocked, match="given by URL"):
        postgres.statements()
