"""The outbox: what is to be told is kept in the transaction of what happened, so there is both or neither.

To commit first and publish then would lose an event whenever the process dies in between; to publish first would tell of
what may be rolled back. The broker takes no part in our transactions; a table of ours does.
"""

import json
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payments import cloudevents
from services.payments.models import OutboxEntry, Payment

KINDS = {"captured": "PaymentCaptured", "failed": "PaymentFailed"}
"""What is told of a payment that has come to this."""


def tell(session: AsyncSession, payment: Payment) -> None:
    """Keep the event that this payment is decided. It is published when the transaction is committed, and only then."""
    kind = KINDS[payment.status]
    data = {"payment_id": payment.id, "order_id": payment.order_id, "amount_cents": payment.amount_cents}
    event = cloudevents.new(kind, subject=payment.id, data=data)
    entry = OutboxEntry(id=UUID(event["id"]), type=kind, event=json.dumps(event), created_at=datetime.now(UTC))
    session.add(entry)
