"""The outbox: what is to be told is kept in the transaction of what happened, so there is both or neither."""

import json
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.orders import cloudevents
from services.orders.models import Order, OutboxEntry


def tell(session: AsyncSession, kind: str, order: Order) -> None:
    """Keep an event about an order. It is published when the transaction is committed, and only then.

    It says what others need to act on, and nothing of the customer but a number, nothing of the address: an event stays
    where it is, and everybody may read it.
    """
    data = {"order_id": order.id}
    if kind == "OrderCreated":
        data |= {"user_id": order.user_id, "total_cents": order.total_cents}
    event = cloudevents.new(kind, subject=order.id, data=data)
    entry = OutboxEntry(id=UUID(event["id"]), type=kind, event=json.dumps(event), created_at=datetime.now(UTC))
    session.add(entry)
