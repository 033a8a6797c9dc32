"""Products are shown as they are in the catalogue: all of them, at their prices."""

import csv

import httpx

from shop.seed import HERE

CATALOGUE = list(csv.DictReader((HERE / "products.csv").read_text("utf-8").splitlines()))


async def test_every_product_has_its_price(shop: httpx.AsyncClient) -> None:
    """The list is the catalogue: nothing missing, nothing twice, each at its price."""
    listed = await shop.get("/products")

    shown = [(product["sku"], product["price_cents"]) for product in listed.json()]
    assert shown == [(row["sku"], int(row["price_cents"])) for row in CATALOGUE]


async def test_a_product_is_described(shop: httpx.AsyncClient) -> None:
    """One product alone has its name and its description."""
    row = CATALOGUE[0]

    shown = await shop.get(f"/products/{row['sku']}")

    assert shown.json()["name"] == row["name"]
    assert shown.json()["description"] == row["description"]
