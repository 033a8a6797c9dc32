"""What orders asks of the shop: one function for each question.

Each takes and returns values that mean something here, so that nothing else in this service knows of paths, status
codes or JSON of the shop.
"""

import os
import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.orders.problems import Problem

Answer = TypeVar("Answer")


class User(BaseModel):
    """Of a customer, as much as an order shows."""

    id: int
    nickname: str


class Product(BaseModel):
    """Of a product, as much as an order needs."""

    sku: str
    price_cents: int


class Points(BaseModel):
    """A customer's balance."""

    points: int


@cache
def client() -> httpx.Client:
    """Return the one client of this process: it keeps connections open from one question to the next."""
    # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    # Between services it is plain HTTP: a client that trusts no certificate need not load all the public ones (60 ms).
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=os.environ["SHOP_URL"], timeout=5.0, limits=limits, verify=no_tls)


def nickname(user_id: int) -> str | None:
    """Return a customer's nickname, or None if there is no such customer."""
    user = _ask(User, "GET", f"/users/{user_id}")
    return user.nickname if user else None


def nicknames(user_ids: Iterable[int]) -> dict[int, str]:
    """Return nickname by customer, of those that exist: one question, however many they are."""
    wanted = sorted(set(user_ids))
    users = _ask(list[User], "GET", "/users", params={"id": wanted}) if wanted else None
    return {user.id: user.nickname for user in users or ()}


def prices(skus: Iterable[str]) -> dict[str, int]:
    """Return price in cents by SKU, of those that exist: one question as well."""
    products = _ask(list[Product], "GET", "/products", params={"sku": sorted(set(skus))})
    return {product.sku: product.price_cents for product in products or ()}


def add_points(*, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give a customer points, or take them back; the shop does it once for each order and reason."""
    change = {"order_id": order_id, "points": points, "reason": reason}
    _ask(Points, "POST", f"/users/{user_id}/points", json=change)


def _ask(kind: type[Answer], method: str, path: str, **request: Any) -> Answer | None:
    """Return the shop's answer as a ``kind``, None for a 404; a Problem 503 if there is no answer to be had."""
    try:
        reply = client().request(method, path, **request)
        if reply.status_code == httpx.codes.NOT_FOUND:
            return None
        return TypeAdapter(kind).validate_json(reply.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as lost:
        raise Problem(503, "the shop does not answer") from lost
