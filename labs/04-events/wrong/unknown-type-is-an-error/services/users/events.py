"""What users does when it hears of orders. The process users-events."""

import logging
from typing import Annotated

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.users import cloudevents, db, points, stream
from services.users.schemas import MAX_INT, Id, Model

log = logging.getLogger(__name__)

MAJOR = 1
"""The version of the events that is known here."""


class Order(Model):
    """Of an order, as much as its points need. A newer version of the event may say more."""

    order_id: Id
    user_id: Id
    total_cents: Annotated[int, Field(ge=0, le=MAX_INT)]


REASONS = {"OrderCreated": ("order_created", 1), "OrderCancelled": ("order_cancelled", -1)}
"""For what points are given, and whether they are: taken back otherwise."""


async def handle(raw: bytes) -> None:
    """Give points for an order, or take them back: once for each order and reason, in whatever order that is told.

    Raises Unreadable when this is no event, or not what its type says.
    """
    event = cloudevents.read(raw)
    if event.major != MAJOR:
        log.warning("passed over: %s", event)
        return
    order, (reason, sign) = cloudevents.data_of(event, Order), REASONS[event.type]
    async with AsyncSession(db.engine()) as session, session.begin():
        earned = sign * (order.total_cents // 100)
        await points.add(session, user_id=order.user_id, order_id=order.order_id, points=earned, reason=reason)


if __name__ == "__main__":
    stream.consume("orders.events", "users", handle)
