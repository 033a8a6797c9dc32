"""The outbox: what is to be told is kept in the transaction of what happened, so there is both or neither."""

import json
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.orders import cloudevents
from services.orders.models import Order, OutboxEntry
from services.orders.schemas import Address


def tell(session: AsyncSession, kind: str, order: Order) -> None:
    """Keep an event about an order. It is published when the transaction is committed, and only then.

    It says what others need to act on, so that they need not ask.
    """
    address = Address.model_validate(order.address).model_dump()
    data = {"order_id": order.id, "user_id": order.user_id, "total_cents": order.total_cents, "address": address}
    event = cloudevents.new(kind, subject=order.id, data=data)
    entry = OutboxEntry(id=UUID(event["id"]), type=kind, event=json.dumps(event), created_at=datetime.now(UTC))
    session.add(entry)
