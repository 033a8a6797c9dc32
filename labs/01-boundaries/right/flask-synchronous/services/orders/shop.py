"""What orders asks of the shop: one function for each question."""

import os
from collections.abc import Iterable
from typing import Any

import requests
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.orders.problems import Problem

SECONDS = 5.0


class User(BaseModel):
    """Of a customer, as much as an order shows."""

    id: int
    nickname: str


class Product(BaseModel):
    """Of a product, as much as an order needs."""

    sku: str
    price_cents: int


def nickname(user_id: int) -> str | None:
    """Return a customer's nickname, or None if there is no such customer."""
    reply = _ask("GET", f"/users/{user_id}", may_miss=True)
    return None if reply is None else _read(User, reply).nickname


def nicknames(user_ids: Iterable[int]) -> dict[int, str]:
    """Return nickname by customer, of those that exist: one question, however many they are."""
    wanted = sorted(set(user_ids))
    users = _read(list[User], _ask("GET", "/users", params={"id": wanted})) if wanted else []
    return {user.id: user.nickname for user in users}


def prices(skus: Iterable[str]) -> dict[str, int]:
    """Return price in cents by SKU, of those that exist: one question as well."""
    products = _read(list[Product], _ask("GET", "/products", params={"sku": sorted(set(skus))}))
    return {product.sku: product.price_cents for product in products}


def add_points(*, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give a customer points, or take them back; the shop does it once for each order and reason."""
    change = {"order_id": order_id, "points": points, "reason": reason}
    _ask("POST", f"/users/{user_id}/points", json=change)


def _ask(method: str, path: str, *, may_miss: bool = False, **request: Any) -> bytes | None:
    """Return the body of the shop's answer, None for a 404 that may be; anything else is a Problem 503."""
    try:
        reply = requests.request(method, os.environ["SHOP_URL"] + path, timeout=SECONDS, **request)
        if may_miss and reply.status_code == requests.codes.not_found:
            return None
        reply.raise_for_status()
    except requests.RequestException as lost:
        raise Problem(503, "the shop does not answer") from lost
    return reply.content


def _read(kind: Any, body: bytes | None) -> Any:
    try:
        return TypeAdapter(kind).validate_json(body or b"")
    except ValidationError as nonsense:
        raise Problem(503, "the shop does not make sense") from nonsense
