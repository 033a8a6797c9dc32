"""Whose table it is: a table is one of a database. Small contracts, and statements as they were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.backing.statements import Statement
from checker.coupling import CouplingMap, render_text
from checker.coupling.domains import Domains
from checker.coupling.imports import Graph
from checker.coupling.layout import lay_out
from checker.coupling.model import Step
from checker.coupling.seen import Seen, map_of
from checker.coupling.tour import ORDER
from checker.course import Contract

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = """
[labs.{lab}.services.{name}]
database = "{database}"
processes = ["{name}"]
operations = []
tables = {tables}
calls = {{}}
"""
OUTBOXES = {"orders": ("orders", ["orders", "outbox"]), "payments": ("payments", ["payments", "outbox"])}
TOGETHER = {"shop": ("shop", ["products", "orders"])}
APART = {"shop": ("shop", ["products"]), "orders": ("orders", ["orders"])}

Owners = dict[str, tuple[str, list[str]]]


def drawn(folder: Path, now: Owners, *asked: tuple[str, str, str], before: Owners | None = None) -> CouplingMap:
    """Return the map of services with databases and tables, where these (service, database, statement) were seen."""
    labs = {"00": before or now, "01": now}
    text = "".join(
        SERVICE.format(lab=lab, name=name, database=database, tables=tables)
        for lab, owners in labs.items()
        for name, (database, tables) in owners.items()
    )
    (folder / "owners.toml").write_text(text)
    earlier, contract = Contract(folder, "00"), Contract(folder, "01")
    homes = {f"{owner.database}_1": owner.database for owner in contract.owners.values()}
    seen = Seen(contract.services, homes, watched=True, steps=[Step(ORDER, "POST /orders", 201, 0, 1)])
    seen.statements += [(service, Statement(f"{database}_1", "", sql)) for service, database, sql in asked]
    return map_of(seen, "01-apart", Domains(contract, contract, [earlier]), Graph({}, ()))


def owned(found: CouplingMap) -> list[tuple[str, str, str]]:
    """Return each table with its database and its owner."""
    return [(table.database, table.name, table.owner) for table in found.tables]


def crossing(found: CouplingMap) -> list[tuple[str, str, str]]:
    """Return who touched whose table."""
    return [(query.service, query.database, query.table) for query in found.queries if query.crossing]


def test_two_tables_of_one_name_are_two(tmp_path: Path) -> None:
    """An outbox in each of two databases belongs to two services, and neither is shared."""
    found = drawn(
        tmp_path,
        OUTBOXES,
        ("orders", "orders", "SELECT 1 FROM outbox"),
        ("payments", "payments", "SELECT 1 FROM outbox"),
    )

    assert {("orders", "outbox", "orders"), ("payments", "outbox", "payments")} <= set(owned(found))
    assert (crossing(found), found.numbers.tables_shared) == ([], 0)


def test_a_stranger_in_one_of_them_is_seen(tmp_path: Path) -> None:
    """Who goes into the neighbour's outbox crosses a border, though there is one like it at home."""
    found = drawn(
        tmp_path,
        OUTBOXES,
        ("payments", "payments", "SELECT 1 FROM outbox"),
        ("payments", "orders", "DELETE FROM outbox"),
    )

    assert (crossing(found), found.numbers.tables_shared) == ([("payments", "orders", "outbox")], 1)


def test_each_of_them_stands_in_its_database(tmp_path: Path) -> None:
    """The picture has a box for each, and a text names the database where the name alone says too little."""
    found = drawn(tmp_path, OUTBOXES, ("payments", "payments", "UPDATE outbox SET x = 1"))

    placed = lay_out(found)
    assert placed.tables["orders", "outbox"] != placed.tables["payments", "outbox"]
    rows = [text.split() for text in render_text(found).splitlines()]
    assert ["payments.outbox", "payments", "payments", "w1"] in rows
    assert ["orders.outbox", "orders"] in rows


def test_what_was_left_behind_is_its_new_owners(tmp_path: Path) -> None:
    """A table that has moved is still the mover's where it was: who goes on reading it there is seen, and where."""
    found = drawn(tmp_path, APART, ("shop", "shop", "SELECT 1 FROM orders"), before=TOGETHER)

    assert crossing(found) == [("shop", "shop", "orders")]
    assert ("shop", "orders", "orders") in owned(found)


def test_tables_of_their_own_are_told_apart(tmp_path: Path) -> None:
    """What the contract does not know may have one name in two databases as well."""
    inbox = "INSERT INTO inbox VALUES (1)"
    found = drawn(tmp_path, APART, ("shop", "shop", inbox), ("orders", "orders", inbox))

    assert {("shop", "inbox", ""), ("orders", "inbox", "")} <= set(owned(found))
    assert crossing(found) == []
