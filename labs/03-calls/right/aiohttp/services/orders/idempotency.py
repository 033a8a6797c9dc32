"""One order for one key, however often it is sent. Whoever has the key's lock works on it; the others wait, and look again.

The lock is PostgreSQL's, and goes when the transaction ends, however it ends. So there is nothing in the table but what
has been answered.
"""

import hashlib
from typing import Annotated

from fastapi import Header
from sqlalchemy import func, select
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
    """Let nobody else work on this key until the transaction ends; the answer if somebody has, meanwhile."""
    if key:
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, basket.user_id))))
    return await answered(session, basket, key)


async def keep(session: AsyncSession, basket: NewOrder, key: str | None, answer: str) -> None:
    """Keep the answer for whoever comes with the key again."""
    if key:
        session.add(IdempotencyKey(user_id=basket.user_id, key=key, basket=_digest(basket), answer=answer))
        await session.flush()


def _digest(basket: NewOrder) -> str:
    return hashlib.sha256(basket.model_dump_json().encode()).hexdigest()
