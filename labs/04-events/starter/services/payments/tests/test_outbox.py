"""What happens to a payment is told once, and only when it has happened."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.payments import db, outbox
from services.payments.models import Payment
from services.payments.tests.world import TOTAL_CENTS, Published, begun, decided

Publish = Callable[[], Awaitable[Published]]


@pytest.mark.parametrize(("result", "kind"), [("captured", "PaymentCaptured"), ("failed", "PaymentFailed")])
async def test_a_decision_is_told(
    payments: httpx.AsyncClient, order: int, publish: Publish, result: str, kind: str
) -> None:
    """Whoever listens hears which payment it was, of which order, and how much."""
    payment = await decided(payments, order, result)

    published = await publish()

    data = {"payment_id": payment["id"], "order_id": order, "amount_cents": TOTAL_CENTS}
    assert published.of(order) == [(kind, data)]


async def test_several_are_told_in_their_order(payments: httpx.AsyncClient, order: int, publish: Publish) -> None:
    """None is left out, and the first is told first."""
    first, second = await decided(payments, order, "failed"), await decided(payments, order, "captured")

    published = await publish()

    assert [data["payment_id"] for _, data in published.of(order)] == [first["id"], second["id"]]


async def test_what_is_published_is_not_published_again(
    payments: httpx.AsyncClient, order: int, publish: Publish
) -> None:
    """As long as nothing goes wrong, once is once."""
    await decided(payments, order, "captured")
    await publish()

    again = await publish()

    assert again.events == []


async def test_a_callback_that_comes_twice_is_told_once(
    payments: httpx.AsyncClient, order: int, publish: Publish
) -> None:
    """The provider may repeat itself; there is no news in it."""
    payment = await decided(payments, order, "captured")
    await payments.post("/payments/callback", json={"payment_id": payment["id"], "result": "captured"})

    published = await publish()

    assert len(published.of(order)) == 1


async def test_who_waits_is_not_told_of(payments: httpx.AsyncClient, order: int, publish: Publish) -> None:
    """A payment that nobody has decided is no news."""
    await begun(payments, order)

    published = await publish()

    assert published.of(order) == []


async def test_what_is_rolled_back_is_not_told(order: int, publish: Publish) -> None:
    """There is an event exactly when there is what it tells of."""
    lost = Payment(id=1, order_id=order, amount_cents=TOTAL_CENTS, channel="card", status="captured")
    async with AsyncSession(db.engine()) as session:
        outbox.tell(session, lost)
        await session.flush()

    published = await publish()

    assert published.of(order) == []
