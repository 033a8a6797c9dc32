"""The points of a customer: one number."""

from fastapi import APIRouter
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from services.users import models, schemas, users
from services.users.db import Session

router = APIRouter(tags=["points"])


@router.get("/users/{user_id}/points")
async def read_points(user_id: schemas.Id, session: Session) -> schemas.Points:
    """Return a customer's balance."""
    user = await users.find(session, user_id)
    return schemas.Points(user_id=user.id, points=user.points)


async def add(session: AsyncSession, *, user_id: int, points: int) -> None:
    """Give a customer points, or below zero take them back."""
    more = update(models.User).where(models.User.id == user_id).values(points=models.User.points + points)
    if (await session.execute(more.returning(models.User.id))).first() is None:
        raise LookupError(f"no user {user_id}")
