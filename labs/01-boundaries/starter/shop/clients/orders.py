"""What the shop asks of orders: one function for each question."""

import os
import ssl
from functools import cache
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from shop.problems import Problem
from shop.schemas import Order, OrderPage

Answer = TypeVar("Answer")


async def find(order_id: int) -> Order | None:
    """Return one order, or None if there is none."""
    return await _ask(Order, "GET", f"/orders/{order_id}")


async def latest(*, user_id: int | None = None) -> list[Order]:
    """Return the latest hundred orders, of one customer or of all, newest first."""
    whose = {} if user_id is None else {"user_id": user_id}
    page = await _ask(OrderPage, "GET", "/orders", params={"limit": 100, **whose})
    return page.items if page else []


async def settle(order_id: int, payment_id: int, result: str) -> None:
    """Tell an order how its payment went; a Problem 409 if it waits for none. Telling it twice does no harm."""
    told = {"payment_id": payment_id, "result": result}
    if await _ask(Order, "POST", f"/orders/{order_id}/payment", json=told) is None:
        raise Problem(409, f"there is no order {order_id} that waits for a payment")


class _Refusal(BaseModel):
    detail: str


@cache
def _client() -> httpx.AsyncClient:
    """Make the one client of this process: it keeps connections open from one question to the next."""
    # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    # Between services it is plain HTTP: a client that trusts no certificate need not load all the public ones (60 ms).
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(base_url=os.environ["ORDERS_URL"], timeout=5.0, limits=limits, verify=no_tls)


async def _ask(kind: type[Answer], method: str, path: str, **request: Any) -> Answer | None:
    """Return the answer of orders as a ``kind``, None for a 404; a Problem 503 if there is no answer to be had."""
    try:
        reply = await _client().request(method, path, **request)
        if reply.status_code == httpx.codes.NOT_FOUND:
            return None
        if reply.status_code == httpx.codes.CONFLICT:
            raise Problem(409, _Refusal.model_validate_json(reply.content).detail)
        return TypeAdapter(kind).validate_json(reply.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as lost:
        raise Problem(503, "orders does not answer") from lost
