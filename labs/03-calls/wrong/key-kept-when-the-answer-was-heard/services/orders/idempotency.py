"""One order for one key, however often it is sent: who got no answer cannot know whether there is an order, and asks again.

The key is kept with the answer, once the order is there and the answer is on its way. Of two at the same moment, the first
answer is kept.
"""

import hashlib
from typing import Annotated

from fastapi import Header
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.orders.models import IdempotencyKey
from services.orders.problems import Problem
from services.orders.schemas import NewOrder

Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[!-~]{1,255}$")]


async def answered(session: AsyncSession, basket: NewOrder, key: str | None) -> str | None:
    """Return the answer that this basket has got, None if it has got none yet; a Problem 422 if the key was another's."""
    kept = await session.get(IdempotencyKey, (basket.user_id, key)) if key else None
    if kept is None:
        return None
    if kept.basket != _digest(basket):
        raise Problem(422, "Idempotency-Key: it came with another order before")
    return kept.answer


async def keep(session: AsyncSession, basket: NewOrder, key: str | None, answer: str) -> None:
    """Keep the answer for whoever comes with the key again."""
    if key:
        row = insert(IdempotencyKey).values(user_id=basket.user_id, key=key, basket=_digest(basket), answer=answer)
        await session.execute(row.on_conflict_do_nothing())


def _digest(basket: NewOrder) -> str:
    """Return the same for what means the same, however it was written down."""
    return hashlib.sha256(basket.model_dump_json().encode()).hexdigest()
