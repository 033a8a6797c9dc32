"""The outbox: what is to be told is kept in the transaction of what happened, so there is both or neither."""

import json
import logging
import os
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from services.orders import cloudevents
from services.orders.models import Order, OutboxEntry

log = logging.getLogger(__name__)


@cache
def _broker() -> Redis:
    return Redis.from_url(os.environ["REDIS_URL"], retry=Retry(NoBackoff(), 0), socket_timeout=1)


async def tell(session: AsyncSession, kind: str, order: Order) -> None:
    """Keep an event about an order, and publish it. If the broker is away, the relay does that later.

    It says what others need to act on, and nothing of the customer but a number, nothing of the address: an event stays
    where it is, and everybody may read it.
    """
    data = {"order_id": order.id, "user_id": order.user_id, "total_cents": order.total_cents}
    event = cloudevents.new(kind, subject=order.id, data=data)
    entry = OutboxEntry(id=UUID(event["id"]), type=kind, event=json.dumps(event), created_at=datetime.now(UTC))
    session.add(entry)
    await session.flush()
    try:
        most = int(os.environ["STREAM_MAXLEN"])
        await _broker().xadd("orders.events", {"event": entry.event}, maxlen=most, approximate=True)
    except (KeyError, OSError, RedisError, RuntimeError) as away:  # whatever it is, the relay does it later
        log.warning("left to the relay: %s", type(away).__name__)
