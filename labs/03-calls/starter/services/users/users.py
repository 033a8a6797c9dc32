"""Customers: taken in, and found."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.users import models, schemas
from services.users.db import Session
from services.users.problems import Problem

router = APIRouter(tags=["users"])


@router.post("/users", status_code=201)
async def create_user(wanted: schemas.NewUser, session: Session) -> schemas.User:
    """Take in a new customer; one e-mail address, one customer."""
    user = models.User(nickname=wanted.nickname, email=wanted.email)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError as taken:
        raise Problem(409, f"email: {wanted.email!r} is taken") from taken
    return schemas.User.model_validate(user)


@router.get("/users")
async def list_users(
    ids: Annotated[list[schemas.Id], Query(alias="id", max_length=100)], session: Session
) -> list[schemas.User]:
    """Return the customers with these ids; who does not exist is left out. For other services."""
    rows = await session.scalars(select(models.User).where(models.User.id.in_(ids)).order_by(models.User.id))
    return [schemas.User.model_validate(user) for user in rows]


@router.get("/users/{user_id}")
async def read_user(user_id: schemas.Id, session: Session) -> schemas.User:
    """Return one customer."""
    return schemas.User.model_validate(await find(session, user_id))


async def find(session: AsyncSession, user_id: int) -> models.User:
    """Return one customer; a Problem 404 if there is none."""
    user = await session.get(models.User, user_id)
    if user is None:
        raise Problem(404, f"no user {user_id}")
    return user
