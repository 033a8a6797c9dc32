"""What orders asks of the shop: what things cost."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from services.orders.calls import neighbour
from services.orders.schemas import MAX_INT, Model


class Product(Model):
    """Of a product, as much as an order needs."""

    sku: str
    price_cents: Annotated[int, Field(ge=0, le=MAX_INT)]


def prices(skus: Iterable[str]) -> dict[str, int]:
    """Return price in cents by SKU, of those that exist; a Problem 503 if nobody can say."""
    products = neighbour("shop").ask(list[Product], "GET /products", params={"sku": sorted(set(skus))})
    return {product.sku: product.price_cents for product in products}
