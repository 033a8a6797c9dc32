"""What orders asks of the shop: what things cost."""

import os
from collections.abc import Iterable
from functools import cache
from typing import Annotated

import httpx
from pydantic import Field, TypeAdapter

from services.orders.calls import Neighbour
from services.orders.schemas import MAX_INT, Model


class Product(Model):
    """Of a product, as much as an order needs."""

    sku: str
    price_cents: Annotated[int, Field(ge=0, le=MAX_INT)]


@cache
def neighbour() -> Neighbour:
    """Return what this process knows of the shop: its connections, and how well it is."""
    return Neighbour("shop")


@cache
def client() -> httpx.AsyncClient:
    """Return a client with connections that it keeps."""
    return httpx.AsyncClient(base_url=os.environ["SHOP_URL"])


async def prices(skus: Iterable[str]) -> dict[str, int]:
    """Return price in cents by SKU, of those that exist: one question, however many; a Problem 503 if nobody can say."""
    reply = await client().get("/products", params={"sku": sorted(set(skus))})
    products = TypeAdapter(list[Product]).validate_json(reply.content)
    return {product.sku: product.price_cents for product in products}
