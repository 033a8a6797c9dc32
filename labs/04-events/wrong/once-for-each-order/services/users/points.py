"""The points of a customer: a ledger to which entries are only ever added."""

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.users import models, schemas, users
from services.users.db import Session

router = APIRouter(tags=["points"])


@router.get("/users/{user_id}/points")
async def read_points(user_id: schemas.Id, session: Session) -> schemas.Points:
    """Return a customer's balance."""
    user = await users.find(session, user_id)
    return schemas.Points(user_id=user.id, points=await _balance(session, user.id))


async def add(session: AsyncSession, *, user_id: int, order_id: int, points: int, reason: str) -> None:
    """Give a customer points for an order, or below zero take them back; once for each order."""
    known = select(models.PointsEntry.id).where(models.PointsEntry.order_id == order_id).limit(1)
    if await session.scalar(known) is None:
        entry = insert(models.PointsEntry).values(user_id=user_id, order_id=order_id, points=points, reason=reason)
        await session.execute(entry.on_conflict_do_nothing(index_elements=["order_id", "reason"]))


async def _balance(session: AsyncSession, user_id: int) -> int:
    query = select(func.sum(models.PointsEntry.points)).where(models.PointsEntry.user_id == user_id)
    return await session.scalar(query) or 0
