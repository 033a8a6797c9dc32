"""One point for each full euro."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shop import models, schemas, users
from shop.clients import orders
from shop.db import session_for

router = APIRouter(tags=["points"])
Session = Annotated[AsyncSession, Depends(session_for("points"))]


@router.get("/users/{user_id}/points")
async def read_points(user_id: schemas.Id, session: Session) -> schemas.Points:
    """Return a customer's balance."""
    user = await users.find(session, user_id)
    return schemas.Points(user_id=user.id, points=await balance(session, user.id))


@router.post("/users/{user_id}/points")
async def change_points(user_id: schemas.Id, change: schemas.PointsChange, session: Session) -> schemas.Points:
    """Give a customer points, or take them back. For other services."""
    user = await users.find(session, user_id)
    # Not stored yet when it is new: then the caller is believed.
    order = await orders.find(change.order_id)
    sign = -1 if change.points < 0 else 1
    worth = sign * (order.total_cents // 100) if order else change.points
    await add(session, user_id=user.id, order_id=change.order_id, points=worth, reason=change.reason)
    await session.commit()
    return schemas.Points(user_id=user.id, points=await balance(session, user.id))


async def balance(session: AsyncSession, user_id: int) -> int:
    """Return the sum of all that was given and taken back."""
    query = select(func.sum(models.PointsEntry.points)).where(models.PointsEntry.user_id == user_id)
    return await session.scalar(query) or 0


async def add(session: AsyncSession, *, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give points, or take them back; once for each order and reason, however often it is asked."""
    entry = insert(models.PointsEntry).values(user_id=user_id, order_id=order_id, points=points, reason=reason)
    await session.execute(entry.on_conflict_do_nothing(index_elements=["order_id", "reason"]))
