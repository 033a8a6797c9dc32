"""A payment is for what the order comes to, and is decided once."""

import httpx

from services.payments.tests.world import TOTAL_CENTS, begun, decided


async def test_a_payment_is_for_the_whole_order(payments: httpx.AsyncClient, order: int) -> None:
    """What is to be paid is what orders says, and it is still to be paid."""
    payment = await begun(payments, order)

    assert payment["amount_cents"] == TOTAL_CENTS
    assert payment["status"] == "pending"


async def test_a_payment_is_kept(payments: httpx.AsyncClient, order: int) -> None:
    """What the provider decides is the payment that was begun, to the cent."""
    begun_ = await begun(payments, order)

    told = await payments.post("/payments/callback", json={"payment_id": begun_["id"], "result": "captured"})

    assert told.json() == {**begun_, "status": "captured"}


async def test_the_result_of_a_payment_is_kept(payments: httpx.AsyncClient, order: int) -> None:
    """Once captured, a payment cannot fail any more."""
    payment = await decided(payments, order, "captured")

    other = await payments.post("/payments/callback", json={"payment_id": payment["id"], "result": "failed"})

    assert other.status_code == 409
