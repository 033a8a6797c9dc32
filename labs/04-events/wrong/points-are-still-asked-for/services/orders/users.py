"""What orders asks of users: one function for each question.

Each takes and returns values that mean something here, so that nothing else in this service knows of paths, status codes
or JSON of users.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache

from services.orders.calls import Neighbour, NotThere, Unavailable
from services.orders.schemas import Model


class User(Model):
    """Of a customer, as much as an order shows."""

    id: int
    nickname: str


class Points(Model):
    """A customer's balance."""

    points: int


@cache
def neighbour() -> Neighbour:
    """Return what this process knows of users: its connections, and how well it is."""
    return Neighbour("users")


async def find(user_id: int) -> User | None:
    """Return a customer, or None if there is none; a Problem 503 if nobody can say."""
    try:
        return await neighbour().ask(User, "GET /users/{uid}", uid=user_id)
    except NotThere:
        return None


async def nickname(user_id: int) -> str | None:
    """Return how a customer is called, or None: a nickname is decoration, no reading fails for want of it."""
    try:
        user = await find(user_id)
    except Unavailable:
        return None
    return user.nickname if user else None


async def nicknames(user_ids: Iterable[int]) -> dict[int, str]:
    """Return nickname by customer, of those that can be had: one question, however many they are."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    try:
        users = await neighbour().ask(list[User], "GET /users", params={"id": wanted})
    except Unavailable:
        return {}
    return {user.id: user.nickname for user in users}


async def add_points(*, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give a customer points, or take them back; a Problem 503 if that cannot be done.

    It may be asked twice: users counts once for each order and reason. Who does not exist gets none.
    """
    change = {"order_id": order_id, "points": points, "reason": reason}
    with suppress(NotThere):
        await neighbour().ask(Points, "POST /users/{uid}/points", uid=user_id, json=change)
