"""What orders asks of users: one function for each question.

Each takes and returns values that mean something here, so that nothing else in this service knows of paths, status codes
or JSON of users.
"""

import os
import ssl
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from services.orders.problems import Problem
from services.orders.schemas import Model

Answer = TypeVar("Answer")


class User(Model):
    """Of a customer, as much as an order shows."""

    id: int
    nickname: str


class Points(Model):
    """A customer's balance."""

    points: int


@cache
def client() -> httpx.AsyncClient:
    """Return the one client of this process: it keeps connections open from one question to the next."""
    # Idle connections are given up sooner than uvicorn gives them up (5 s): never write into one that is closing.
    limits = httpx.Limits(keepalive_expiry=2.0)
    # Between services it is plain HTTP: a client that trusts no certificate need not load all the public ones (60 ms).
    no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.AsyncClient(base_url=os.environ["USERS_URL"], timeout=5.0, limits=limits, verify=no_tls)


async def find(user_id: int) -> User | None:
    """Return a customer, or None if there is none; a Problem 503 if nobody can say."""
    return await _ask(User, "GET", f"/users/{user_id}")


async def nickname(user_id: int) -> str | None:
    """Return how a customer is called, or None if there is no such customer."""
    user = await find(user_id)
    return user.nickname if user else None


async def nicknames(user_ids: Iterable[int]) -> dict[int, str]:
    """Return nickname by customer, of those that exist: one question, however many they are."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    users = await _ask(list[User], "GET", "/users", params={"id": wanted})
    return {user.id: user.nickname for user in users or ()}


async def add_points(*, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give a customer points, or take them back; a Problem 503 if that cannot be done.

    It may be asked twice: users counts once for each order and reason. Who does not exist gets none.
    """
    change = {"order_id": order_id, "points": points, "reason": reason}
    await _ask(Points, "POST", f"/users/{user_id}/points", json=change)


async def _ask(kind: type[Answer], method: str, path: str, **request: Any) -> Answer | None:
    """Return the answer of users as a ``kind``, None for a 404; a Problem 503 if there is no answer to be had."""
    try:
        reply = await client().request(method, path, **request)
        if reply.status_code == httpx.codes.NOT_FOUND:
            return None
        return TypeAdapter(kind).validate_json(reply.raise_for_status().content)
    except (httpx.HTTPError, ValidationError) as lost:
        raise Problem(503, "users does not answer") from lost
