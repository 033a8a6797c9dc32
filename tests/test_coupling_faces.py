"""The map as a picture, as text and as data: pure functions of what was seen."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from checker.coupling import CouplingMap, Numbers, earlier, keep, render_fragment, render_page, render_svg, render_text
from checker.coupling.layout import WIDTH, Box, lay_out
from checker.coupling.model import Call, Import, Join, Module, Query, Step, Table

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*services: str, evil: str = "", **changes: object) -> CouplingMap:
    """Return a map: each service with three modules and a table, calling the next; the first reads the last one's table."""
    modules = [Module(f"{s}.{n}", n + evil, s, s) for s in services for n in ("app", "db", "models")]
    tables = [Table(f"{s}_rows{evil}", s, s) for s in services]
    queries = [Query(s, "", s, s, f"{s}_rows{evil}", 2, 1, crossing=False) for s in services]
    last = tables[-1]
    stranger = Query(services[0], f"{services[0]}.db", services[0], last.database, last.name, 1, 0, crossing=True)
    found = CouplingMap(
        lab="01-boundaries",
        services=services,
        modules=tuple(modules),
        tables=tuple(tables),
        imports=(Import(modules[0].name, modules[1].name, False), Import(modules[0].name, modules[-1].name, True)),
        calls=tuple(Call(a, b, (("GET /x/{id}", 7),)) for a, b in combinations(services, 2)),
        queries=(*queries, stranger),
        joins=(Join(services[0], "", tuple(table.name for table in tables), 1),),
        steps=(
            Step("place an order", "POST /orders", 201, 3, 12),
            Step("read the order", "GET /orders/{id}", None, 0, 0),
        ),
        opaque=0,
        calls_per_order=3,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def picture(found: CouplingMap) -> ET.Element:
    """Return the picture as a tree."""
    return ET.fromstring(render_svg(found))  # noqa: S314  (our own output)


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share a point."""
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


@pytest.mark.parametrize(
    "services", [("shop",), ("shop", "orders"), ("shop", "orders", "users", "payments", "catalog")]
)
def test_nothing_stands_on_anything(services: tuple[str, ...]) -> None:
    """Processes and databases, and what is in them, stand apart and inside the page."""
    placed = lay_out(drawn(*services))

    for boxes in (
        [*placed.processes.values(), *placed.databases.values()],
        [*placed.modules.values(), *placed.tables.values()],
    ):
        assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
        assert all(box.x >= 0 and box.right <= WIDTH and box.bottom <= placed.bottom for box in boxes)


def test_crossing_is_told_by_shape() -> None:
    """What crosses a border is dashed and marked, and not only red."""
    tree = picture(drawn("shop", "orders"))

    crossing = [
        path.get("class", "").split()[0] for path in tree.iter(f"{SVG}path") if "sw-m-cross" in path.get("class", "")
    ]
    assert sorted(crossing) == ["sw-m-import", "sw-m-query"]
    assert "stroke-dasharray" in render_svg(drawn("shop"))
    assert "⇢ db 1" in "".join(tree.itertext())


def test_picture_says_what_it_shows() -> None:
    """A screen reader is told the numbers; a pointer is told each line."""
    tree = picture(drawn("shop", "orders"))

    assert tree.find(f"{SVG}title") is not None
    assert "imports across domains: 1; tables touched by others: 1; calls for one order: 3" in (
        tree.findtext(f"{SVG}desc") or ""
    )
    assert "shop asks orders 7 times: GET /x/{id} ×7" in [title.text for title in tree.iter(f"{SVG}title")]


def test_names_are_escaped() -> None:
    """What a learner called a table is text and nothing else."""
    evil = drawn("shop", "orders", evil="<script>")

    assert "<script" not in render_svg(evil) + render_fragment(evil) + render_page(evil)


def test_fragment_has_no_id_and_no_request() -> None:
    """It can stand twice on a page that is not ours, and fetches nothing."""
    fragment = render_fragment(drawn("shop", "orders"))

    assert re.findall(r"<[^>]* (?:id|src|href)=|url\(|@import|<script", fragment) == []


@pytest.mark.parametrize("width", [60, 78, 120])
def test_text_keeps_to_the_terminal(width: int) -> None:
    """Tables wrap where the terminal is narrow, and lose no word."""
    text = render_text(drawn("shop", "orders"), width=width, earlier=[("00-orientation", Numbers(15, 7, 0))])

    assert max(map(len, text.splitlines())) <= width
    assert all(word in text for word in ("00-orientation", "shop_rows", "POST /orders"))


def test_text_is_ascii_where_it_must_be() -> None:
    """A terminal without Unicode gets none."""
    assert render_text(drawn("shop", "orders"), unicode=False).isascii()


def test_unseen_is_no_zero() -> None:
    """Where statements could not be watched, nothing is claimed about them."""
    unseen = drawn("shop", queries=(), joins=(), queries_seen=False)

    assert unseen.numbers.tables_shared is None
    assert "   ?  tables touched by others" in render_text(unseen).splitlines()


def test_maps_are_kept_to_compare(tmp_path: Path) -> None:
    """The numbers of the labs before are found again; what cannot be read is left out."""
    keep(drawn("shop", lab="00-orientation"), tmp_path, lang="en", translate=str)
    keep(drawn("shop", lab="02-data"), tmp_path, lang="en", translate=str)
    (tmp_path / "runs" / "coupling" / "01-boundaries.json").write_text("{")

    assert earlier(tmp_path, "02-data") == [("00-orientation", Numbers(1, 1, 3))]


def test_json_is_plain_data() -> None:
    """What is printed can be read back, numbers among it."""
    found = json.loads(json.dumps(drawn("shop", "orders").as_dict()))

    assert found["numbers"] == {"imports_across": 1, "tables_shared": 1, "calls_per_order": 3}
    assert found["calls"] == [{"caller": "shop", "callee": "orders", "operations": {"GET /x/{id}": 7}, "count": 7}]
