"""Who imports whom, and which service and domain a module is of: read, never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.coupling.domains import Domains
from checker.coupling.imports import Part, imports_of
from checker.course import Course, root
from checker.errors import LearnerFault

PROCFILE = "shop: uvicorn shop.app:app --port $PORT\norders: uvicorn services.orders.app:app --port $PORT\n"


def laid(folder: Path, **files: str) -> Path:
    """Lay out files: ``shop__app`` is shop/app.py."""
    (folder / "Procfile").write_text(PROCFILE)
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_module_is_of_the_service_around_it(tmp_path: Path) -> None:
    """The longest package that a service's process starts from is its own."""
    tree = laid(
        tmp_path,
        shop__app="from shop.clients import orders",
        shop__clients__orders="",
        services__orders__app="import httpx, services.common.log",
        services__common__log="",
    )

    graph = imports_of(tree, ["shop", "orders"])

    assert graph.modules == {
        "services.common.log": Part("", ("services", "common", "log")),
        "services.orders.app": Part("orders", ("app",), client=True),
        "shop.app": Part("shop", ("app",)),
        "shop.clients.orders": Part("shop", ("clients", "orders")),
    }
    assert graph.imports == (("services.orders.app", "services.common.log"), ("shop.app", "shop.clients.orders"))


def test_nothing_of_the_learners_is_run(tmp_path: Path) -> None:
    """A module that does something when it is imported does nothing here."""
    mark = tmp_path / "ran"
    tree = laid(tmp_path, shop__app="import shop.b", shop__b="1 / 0")
    (tree / "shop" / "__init__.py").write_text(f"open({str(mark)!r}, 'w')")
    (tree / "random.py").write_text(f"open({str(mark)!r}, 'w')")

    assert imports_of(tree, ["shop"]).imports == (("shop.app", "shop.b"),)
    assert not mark.exists()


def test_single_files_are_modules_too(tmp_path: Path) -> None:
    """A service that is one file has its imports read as well."""
    tree = laid(tmp_path, both="import tools\nfrom tools import x", tools="import os", unused="")
    (tree / "Procfile").write_text("shop: uvicorn both:shop\norders: python tools.py\n")

    graph = imports_of(tree, ["shop", "orders"])

    assert graph.imports == (("both", "tools"),)
    assert [part.service for part in graph.modules.values()] == ["shop", "orders"]


def test_syntax_error_names_the_file(tmp_path: Path) -> None:
    """What cannot be parsed is the learner's to mend, and said in a sentence."""
    tree = laid(tmp_path, shop__app="def broken(:")

    with pytest.raises(LearnerFault, match=r"cannot be read: .*shop/app\.py"):
        imports_of(tree, ["shop"])


def test_domain_is_who_will_own_it() -> None:
    """A module is of the service that takes it along; after the split a client stays, and what is left over does not."""
    course = Course(root())
    contracts = [course.contract(number) for number in ("00", "01")]
    before, after = Domains(contracts[0], contracts[1]), Domains(contracts[1], contracts[1], contracts[:1])

    assert [before.of("shop", [name]) for name in ("orders", "stock", "discounts", "pages")] == [
        *["orders"] * 3,
        "shop",
    ]
    assert [after.of("shop", ["clients", "orders"]), after.of("orders", ["shop"])] == ["shop", "orders"]
    assert [after.of("shop", ["orders"]), after.of("shop", ["orders"], client=True)] == ["orders", "shop"]
