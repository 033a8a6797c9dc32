"""What the shop asks of users, for its pages: one function for each question."""

from pydantic import BaseModel

from shop.clients.asking import ask


class User(BaseModel):
    """Of a customer, as much as a page shows."""

    nickname: str
    email: str


class Points(BaseModel):
    """A customer's balance."""

    points: int


async def find(user_id: int) -> User | None:
    """Return one customer, or None if there is none."""
    return await ask("users", User, "GET", f"/users/{user_id}")


async def balance(user_id: int) -> int:
    """Return the points of a customer; who does not exist has none."""
    found = await ask("users", Points, "GET", f"/users/{user_id}/points")
    return found.points if found else 0
