"""Points are given once for each order and reason, and kept."""

import httpx


async def test_points_are_kept(shop: httpx.AsyncClient, customer: int, order: int) -> None:
    """What was added is there when somebody else asks."""
    added = {"order_id": order, "points": 25, "reason": "order_created"}
    await shop.post(f"/users/{customer}/points", json=added)

    balance = await shop.get(f"/users/{customer}/points")

    assert balance.json() == {"user_id": customer, "points": 25}


async def test_points_count_once(shop: httpx.AsyncClient, customer: int, order: int) -> None:
    """Adding the same points again adds nothing: who got no answer may ask again."""
    added = {"order_id": order, "points": 25, "reason": "order_created"}
    await shop.post(f"/users/{customer}/points", json=added)
    await shop.post(f"/users/{customer}/points", json=added)

    balance = await shop.get(f"/users/{customer}/points")

    assert balance.json()["points"] == 25


async def test_points_are_taken_back(shop: httpx.AsyncClient, customer: int, order: int) -> None:
    """A cancelled order leaves no points."""
    added = {"order_id": order, "points": 25, "reason": "order_created"}
    await shop.post(f"/users/{customer}/points", json=added)
    await shop.post(f"/users/{customer}/points", json={**added, "points": -25, "reason": "order_cancelled"})

    balance = await shop.get(f"/users/{customer}/points")

    assert balance.json()["points"] == 0
