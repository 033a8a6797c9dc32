"""The map of real systems: the monolith, our solution of lab 01, and one that reaches into a table of others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from checker.coupling import CouplingMap, observe
from checker.course import Course, init, root, write_tree
from checker.runtime.ground import Ground

ORDERS = {"orders", "order_lines", "addresses", "stock", "discounts"}


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CouplingMap]:
    """Three systems, looked at on one ground."""
    course = Course(root())
    first, second = course.lab("00"), course.lab("01")
    wrong = next(each for each in course.wrong(second) if each.name == "reads-the-users-table")
    trees = {
        "monolith": (first, course.start(first)),
        "split": (second, course.end(second)),
        "wrong": (second, course.laid(second, wrong)),
    }
    found = {}
    with Ground(course, statements=True) as ground:
        for name, (lab, tree) in trees.items():
            folder: Path = tmp_path_factory.mktemp(name)
            write_tree(tree, folder)
            found[name] = observe(ground, lab, folder)
    return found


def strangers(found: CouplingMap, tables: set[str]) -> set[str]:
    """Return who touched some of these tables without owning them."""
    return {query.module or query.service for query in found.queries if query.crossing and query.table in tables}


def test_dashboard_joins_across_owners(maps: dict[str, CouplingMap]) -> None:
    """The monolith's dashboard puts users and orders together in one statement."""
    joined = {join.module: join.tables for join in maps["monolith"].joins}

    assert joined["shop.dashboard"] == ("addresses", "order_lines", "orders", "users")


def test_monolith_is_told_apart_by_its_tags(maps: dict[str, CouplingMap]) -> None:
    """Inside the one process each module's statements are its own; those who will lose a table are seen."""
    assert strangers(maps["monolith"], ORDERS) == {"shop.dashboard", "shop.pages", "shop.payments"}
    assert {"users", "products", "points_entries"} <= {
        q.table for q in maps["monolith"].queries if q.module == "shop.orders"
    }


def test_split_has_no_crossing_query(maps: dict[str, CouplingMap]) -> None:
    """On one shared database, orders touches its own tables, and nobody else does."""
    assert {query.table for query in maps["split"].queries if query.service == "orders"} == ORDERS
    assert strangers(maps["split"], ORDERS) == set()


def test_wrong_version_crosses(maps: dict[str, CouplingMap]) -> None:
    """A service that reads a neighbour's table is caught with it, by its own role's name."""
    assert strangers(maps["wrong"], {"users"}) == {"orders"}


def test_numbers_move_from_lab_to_lab(maps: dict[str, CouplingMap]) -> None:
    """What was imports and tables becomes calls: three of them for one order."""
    before, after = maps["monolith"].numbers, maps["split"].numbers

    assert before.imports_across >= 15
    assert [before.tables_shared, before.calls_per_order] == [7, 0]
    assert [strangers(maps["split"], ORDERS), after.calls_per_order] == [set(), 3]


def test_split_imports_nothing_across(maps: dict[str, CouplingMap]) -> None:
    """Neither service imports a module of the other."""
    home = {module.name: module.service for module in maps["split"].modules}

    assert [each for each in maps["split"].imports if home[each.source] != home[each.target]] == []


def test_every_step_of_the_tour_succeeds(maps: dict[str, CouplingMap]) -> None:
    """The tour is one that a good system can take, before and after."""
    statuses = [step.status for name in ("monolith", "split") for step in maps[name].steps]

    assert {status for status in statuses if status not in (200, 201)} == set()
    assert maps["monolith"].steps[-1].request == "GET /users/{id}/dashboard"


def test_calls_are_counted_by_operation(maps: dict[str, CouplingMap]) -> None:
    """Who asked whom, and what: ids are not told apart."""
    asked = {(call.caller, call.callee): dict(call.operations) for call in maps["split"].calls}

    assert asked["orders", "shop"]["POST /users/{id}/points"] == 1
    assert maps["monolith"].calls == ()


def test_command_prints_json_and_keeps_a_picture(tmp_path: Path) -> None:
    """Standard output is the map and nothing else; the picture lies in runs/coupling, and where it was wanted."""
    workspace = init(tmp_path / "bazaar", Course(root())).path
    asked = ["map", "--workspace", str(workspace), "--out", str(tmp_path / "map.html"), "--json"]

    ran = subprocess.run([str(Path(sys.executable).with_name("seamwork")), *asked], capture_output=True, check=True)
    printed = json.loads(ran.stdout)

    assert [printed["lab"], printed["numbers"]["calls_per_order"]] == ["00-orientation", 0]
    assert (workspace / "runs" / "coupling" / "00-orientation.svg").read_text().startswith("<?xml")
    assert "</svg>" in (tmp_path / "map.html").read_text()
