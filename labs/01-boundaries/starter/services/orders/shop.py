"""What orders asks of the shop: one function for each question.

Each takes and returns values that mean something here, so that nothing else in this service knows of paths, status
codes or JSON of the shop.
"""

import os
import ssl
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
def client() -> httpx.AsyncClient:
    """Return the one client of this process: it keeps connections open from one question to the next."""
    # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    # Between services it is plain HTTP: a client that trusts no certificate need not load all the public ones (60 ms).
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(base_url=os.environ["SHOP_URL"], timeout=5.0, limits=limits, verify=no_tls)


# Your turn: nickname(user_id), nicknames(user_ids), prices(skus) and add_points(...), each by one _ask.


async def _ask(kind: type[Answer], method: str, path: str, **request: Any) -> Answer | None:
    """Return the shop's answer as a ``kind``, None for a 404; a Problem 503 if there is no answer to be had."""
    try:
        reply = await client().request(method, path, **request)
        if reply.status_code == httpx.codes.NOT_FOUND:
            return None
        return TypeAdapter(kind).validate_json(reply.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as lost:
        raise Problem(503, "the shop does not answer") from lost
