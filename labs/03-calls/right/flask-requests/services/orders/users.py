"""What orders asks of users: one function for each question."""

from collections.abc import Iterable
from contextlib import suppress

from services.orders.calls import NotThere, Unavailable, neighbour
from services.orders.schemas import Model


class User(Model):
    """Of a customer, as much as an order shows."""

    id: int
    nickname: str


class Points(Model):
    """A customer's balance."""

    points: int


def find(user_id: int) -> User | None:
    """Return a customer, or None if there is none; a Problem 503 if nobody can say."""
    try:
        user: User = neighbour("users").ask(User, "GET /users/{uid}", uid=user_id)
    except NotThere:
        return None
    return user


def nickname(user_id: int) -> str | None:
    """Return how a customer is called, or None."""
    try:
        user = find(user_id)
    except Unavailable:
        return None
    return user.nickname if user else None


def nicknames(user_ids: Iterable[int]) -> dict[int, str]:
    """Return nickname by customer, of those that can be had: one question, however many they are."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    try:
        users = neighbour("users").ask(list[User], "GET /users", params={"id": wanted})
    except Unavailable:
        return {}
    return {user.id: user.nickname for user in users}


def add_points(*, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give a customer points, or take them back; a Problem 503 if that cannot be done."""
    change = {"order_id": order_id, "points": points, "reason": reason}
    with suppress(NotThere):
        neighbour("users").ask(Points, "POST /users/{uid}/points", uid=user_id, json=change)
