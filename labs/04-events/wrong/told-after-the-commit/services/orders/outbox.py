"""What is told to others: it goes into the stream."""

import json
import os
from functools import cache

from redis.asyncio import Redis

from services.orders import cloudevents
from services.orders.models import Order


@cache
def _broker() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"])


async def tell(kind: str, order: Order) -> None:
    """Publish an event about an order.

    It says what others need to act on, and nothing of the customer but a number, nothing of the address: an event stays
    where it is, and everybody may read it.
    """
    data = {"order_id": order.id, "user_id": order.user_id, "total_cents": order.total_cents}
    event = cloudevents.new(kind, subject=order.id, data=data)
    most = int(os.environ["STREAM_MAXLEN"])
    await _broker().xadd("orders.events", {"event": json.dumps(event)}, maxlen=most, approximate=True)
