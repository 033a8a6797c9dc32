"""The points of a customer: a ledger to which entries are only ever added."""

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.users import models, schemas, users
from services.users.db import Session

router = APIRouter(tags=["points"])


@router.get("/users/{user_id}/points")
async def read_points(user_id: schemas.Id, session: Session) -> schemas.Points:
    """Return a customer's balance."""
    user = await users.find(session, user_id)
    return schemas.Points(user_id=user.id, points=await _balance(session, user.id))


async def _balance(session: AsyncSession, user_id: int) -> int:
    query = select(func.sum(models.PointsEntry.points)).where(models.PointsEntry.user_id == user_id)
    return await session.scalar(query) or 0
