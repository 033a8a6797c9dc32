"""What orders does when it hears of payments. The process orders-events."""

import logging
from typing import Annotated

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.orders import cloudevents, db, orders, stream
from services.orders.schemas import MAX_INT, Id, Model

log = logging.getLogger(__name__)

MAJOR = 1
"""The version of the events that is known here."""


class Payment(Model):
    """Of a payment, as much as its order needs. A newer version of the event may say more."""

    payment_id: Id
    order_id: Id
    amount_cents: Annotated[int, Field(ge=0, le=MAX_INT)]


STATUSES = {"PaymentCaptured": "paid", "PaymentFailed": "cancelled"}
"""What becomes of an order that waits for its payment."""


async def handle(raw: bytes) -> None:
    """Move an order on as its payment went; one that does not wait for it any more stays as it is.

    Raises Unreadable when this is no event, or not what its type says.
    """
    event = cloudevents.read(raw)
    if event.type not in STATUSES or event.major != MAJOR:
        log.warning("passed over: %s", event)
        return
    payment, status = cloudevents.data_of(event, Payment), STATUSES[event.type]
    async with AsyncSession(db.engine()) as session, session.begin():
        await orders.settle(session, payment.order_id, payment.payment_id, status)


if __name__ == "__main__":
    stream.consume("payments.events", "orders", handle)
