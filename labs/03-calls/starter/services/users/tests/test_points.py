"""Points are given once for each order and reason, and kept."""

import httpx

from services.users.tests.world import joined


async def test_points_are_kept(users: httpx.AsyncClient, order: int) -> None:
    """What was added is there when somebody else asks."""
    customer = (await joined(users, "Ada"))["id"]
    added = {"order_id": order, "points": 25, "reason": "order_created"}
    await users.post(f"/users/{customer}/points", json=added)

    balance = await users.get(f"/users/{customer}/points")

    assert balance.json() == {"user_id": customer, "points": 25}


async def test_points_count_once(users: httpx.AsyncClient, order: int) -> None:
    """Adding the same points again adds nothing: who got no answer may ask again."""
    customer = (await joined(users, "Ada"))["id"]
    added = {"order_id": order, "points": 25, "reason": "order_created"}
    await users.post(f"/users/{customer}/points", json=added)

    again = await users.post(f"/users/{customer}/points", json=added)

    assert again.json() == {"user_id": customer, "points": 25}


async def test_points_are_taken_back(users: httpx.AsyncClient, order: int) -> None:
    """A cancelled order leaves no points."""
    customer = (await joined(users, "Ada"))["id"]
    added = {"order_id": order, "points": 25, "reason": "order_created"}
    await users.post(f"/users/{customer}/points", json=added)
    await users.post(f"/users/{customer}/points", json={**added, "points": -25, "reason": "order_cancelled"})

    balance = await users.get(f"/users/{customer}/points")

    assert balance.json()["points"] == 0
