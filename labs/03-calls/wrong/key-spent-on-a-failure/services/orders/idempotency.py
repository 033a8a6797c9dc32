"""One order for one key, however often it is sent: who got no answer cannot know whether there is an order, and asks again.

The key is kept with the answer, in the transaction of the order: there is one exactly when there is the other. Of two at the
same moment, the second one waits for the first, because PostgreSQL holds it until it is known whether that row will be.
"""

import asyncio
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


async def claim(session: AsyncSession, basket: NewOrder, key: str | None) -> str | None:
    """Take the key, and return None; or wait for the answer of whoever has it."""
    if not key:
        return None
    async with session.begin():
        row = insert(IdempotencyKey).values(user_id=basket.user_id, key=key, basket=_digest(basket))
        if (await session.execute(row.on_conflict_do_nothing())).rowcount:
            return None
    for _ in range(50):
        async with session.begin():
            session.expire_all()
            if answer := await answered(session, basket, key):
                return answer
        await asyncio.sleep(0.02)
    raise Problem(503, "Idempotency-Key: the order is under way")


async def keep(session: AsyncSession, basket: NewOrder, key: str | None, answer: str) -> None:
    """Keep the answer for whoever comes with the key again."""
    if key:
        kept = await session.get_one(IdempotencyKey, (basket.user_id, key))
        kept.answer = answer
        await session.flush()


def _digest(basket: NewOrder) -> str:
    """Return the same for what means the same, however it was written down."""
    return hashlib.sha256(basket.model_dump_json().encode()).hexdigest()
