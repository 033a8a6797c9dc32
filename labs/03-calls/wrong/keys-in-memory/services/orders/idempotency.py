"""One order for one key, however often it is sent: who got no answer cannot know whether there is an order, and asks again.

The key is kept with the answer, once the order is made. Of two at the same moment, the second one waits for the first.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Header

from services.orders.problems import Problem
from services.orders.schemas import NewOrder

Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[!-~]{1,255}$")]

_kept: dict[tuple[int, str], tuple[str, str]] = {}  # by customer and key: what was ordered, and what was answered
_locks: dict[tuple[int, str], asyncio.Lock] = {}


@asynccontextmanager
async def alone(basket: NewOrder, key: str | None) -> AsyncIterator[None]:
    """Let nobody else in with this key meanwhile."""
    if key is None:
        yield
        return
    async with _locks.setdefault((basket.user_id, key), asyncio.Lock()):
        yield


def answered(basket: NewOrder, key: str | None) -> str | None:
    """Return the answer that this basket has got, None if it has got none yet; a Problem 422 if the key was another's."""
    kept = _kept.get((basket.user_id, key)) if key else None
    if kept is None:
        return None
    if kept[0] != _digest(basket):
        raise Problem(422, "Idempotency-Key: it came with another order before")
    return kept[1]


def keep(basket: NewOrder, key: str | None, answer: str) -> None:
    """Keep the answer for whoever comes with the key again."""
    if key:
        _kept[basket.user_id, key] = (_digest(basket), answer)


def _digest(basket: NewOrder) -> str:
    """Return the same for what means the same, however it was written down."""
    return hashlib.sha256(basket.model_dump_json().encode()).hexdigest()
