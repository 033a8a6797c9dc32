"""A payment is for what the order comes to, and is decided once."""

import httpx

from shop.tests.world import TOTAL_CENTS


async def test_a_payment_is_for_the_whole_order(shop: httpx.AsyncClient, order: int) -> None:
    """What is to be paid is what orders says, and it is still to be paid."""
    payment = await shop.post("/payments", json={"order_id": order, "channel": "card"})

    assert payment.json()["amount_cents"] == TOTAL_CENTS
    assert payment.json()["status"] == "pending"


async def test_the_result_of_a_payment_is_kept(shop: httpx.AsyncClient, order: int) -> None:
    """Once captured, a payment cannot fail any more."""
    payment = await shop.post("/payments", json={"order_id": order, "channel": "card"})
    await shop.post("/payments/callback", json={"payment_id": payment.json()["id"], "result": "captured"})

    other = await shop.post("/payments/callback", json={"payment_id": payment.json()["id"], "result": "failed"})

    assert other.status_code == 409
