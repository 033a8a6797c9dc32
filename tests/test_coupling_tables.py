"""Whose table it is: a table is one of a database. Small contracts, and statements as they were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.backing.statements import Statement
from checker.coupling import CouplingMap, render_text
from checker.coupling.domains import Domains
from checker.coupling.imports import Graph
from checker.coupling.layout import lay_out
from checker.coupling.model import Step
from checker.coupling.quiet import MOST, News, polls_of, settled
from checker.coupling.seen import Seen, map_of
from checker.coupling.tour import ORDER
from checker.course import Contract

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
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


def drawn(
    folder: Path,
    now: Owners,
    *asked: tuple[str, str, str],
    before: Owners | None = None,
    polls: AbstractSet[tuple[str, str]] = frozenset(),
) -> CouplingMap:
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
    seen = Seen(contract.services, homes, watched=True, polls=polls)
    seen.steps.append(Step(ORDER, "POST /orders", 201, 0, 1))
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


# What is asked all the time

POLL = "SELECT event FROM outbox WHERE published_at IS NULL"


class Busy:
    """A system whose relay looks into its outbox at every look of ours; what else is asked comes at looks of its own."""

    def __init__(self, asked: dict[int, str]) -> None:
        self.looks, self.asked = 0, asked

    def news(self) -> News:
        """Return the poll, and what is asked at this look; nobody asks a neighbour."""
        self.looks += 1
        asked = [POLL, *([self.asked[self.looks]] if self.looks in self.asked else [])]
        return [], [("orders", Statement("orders_1", "", sql)) for sql in asked]


def test_polls_are_what_is_asked_again_and_again() -> None:
    """What a process asks once, as it starts, is none."""
    assert polls_of(Busy({1: "SELECT 1 FROM orders"}), every=0) == {("orders", POLL)}


def test_a_request_has_had_its_effect_when_only_polls_come() -> None:
    """What comes late is waited for; what never ends is not."""
    late = "UPDATE outbox SET published_at = now()"

    _, asked = settled(Busy({9: late}), {("orders", POLL)}, every=0)
    _, endless = settled(Busy({}), set(), every=0)

    assert [each.sql for _, each in asked if each.sql != POLL] == [late]
    assert len(endless) == MOST


def test_what_is_counted_is_what_an_order_costs(tmp_path: Path) -> None:
    """However long somebody looks on, the numbers stay; that somebody polls is said."""
    polled = ("orders", "orders", POLL)
    asked = ("orders", "orders", "UPDATE outbox SET published_at = now()")
    [short] = drawn(tmp_path, OUTBOXES, asked, polled, polls={("orders", POLL)}).queries

    found = drawn(tmp_path, OUTBOXES, asked, *[polled] * 50, polls={("orders", POLL)})

    assert found.queries == (short,)
    assert (short.reads, short.writes) == (1, 1)
    assert "Statements asked all the time, such as looks for news: 1." in render_text(found)
