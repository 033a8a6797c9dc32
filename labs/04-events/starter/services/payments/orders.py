"""What payments asks of orders: whether there is such an order, and what it comes to.

One question, in the time that CALL_BUDGET_MS gives, asked again where it may help. It is asked once for each payment that
begins, and there is nothing to show instead of the answer: so there is neither a breaker nor a fallback here.
"""

import asyncio
import os
import ssl
from functools import cache

import httpx
import stamina
from pydantic import ValidationError

from services.payments.problems import Problem
from services.payments.schemas import Model


class Order(Model):
    """Of an order, as much as a payment needs."""

    id: int
    status: str
    total_cents: int


_retrying = stamina.AsyncRetryingCaller(attempts=3, wait_initial=0.02, wait_jitter=0.03, wait_max=0.1)


async def find(order_id: int) -> Order | None:
    """Return an order, or None if there is none; a Problem 503 if nobody can say."""
    try:
        async with asyncio.timeout(_budget()):
            reply = await _retrying.on((httpx.TransportError, _NotNow))(_get, f"/orders/{order_id}")
        if reply.status_code == httpx.codes.NOT_FOUND:
            return None
        return Order.model_validate_json(reply.raise_for_status().content)
    except (httpx.HTTPError, _NotNow, TimeoutError, ValidationError) as lost:
        raise Problem(503, "orders does not answer") from lost


class _NotNow(Exception):  # noqa: N818  (it is not the last word)
    """A 5xx: the next attempt may well succeed."""


async def _get(path: str) -> httpx.Response:
    reply = await client().get(path)
    if reply.is_server_error:
        raise _NotNow
    return reply


@cache
def client() -> httpx.AsyncClient:
    """Return the one client of this process: it keeps connections open from one question to the next."""
    # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    # Between services it is plain HTTP: a client that trusts no certificate need not load all public ones (60 ms).
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Half of the budget for an attempt, so that one that hangs leaves room for another.
    return httpx.AsyncClient(base_url=os.environ["ORDERS_URL"], timeout=_budget() / 2, limits=limits, verify=no_tls)


def _budget() -> float:
    """Return the seconds that an answer has for its neighbours."""
    return int(os.environ["CALL_BUDGET_MS"]) / 1000
