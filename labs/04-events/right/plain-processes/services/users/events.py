"""What users does when it hears of orders. The process users-events."""

import logging
import os
from typing import Annotated

import psycopg
from pydantic import Field

from services.users import cloudevents, stream
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


ADD = """
INSERT INTO points_entries (user_id, order_id, points, reason) VALUES (%s, %s, %s, %s)
ON CONFLICT (order_id, reason) DO NOTHING
"""


def handle(raw: bytes) -> None:
    """Give points for an order, or take them back: once for each order and reason, in whatever order that is told.

    Raises Unreadable when this is no event, or not what its type says.
    """
    event = cloudevents.read(raw)
    if event.type not in REASONS or event.major != MAJOR:
        log.warning("passed over: %s", event)
        return
    order, (reason, sign) = cloudevents.data_of(event, Order), REASONS[event.type]
    earned = sign * (order.total_cents // 100)
    # A connection for each event: at this pace it costs nothing, and none is ever stale. It commits as it ends.
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute(ADD, [order.user_id, order.order_id, earned, reason])


if __name__ == "__main__":
    stream.consume("orders.events", "users", handle)
