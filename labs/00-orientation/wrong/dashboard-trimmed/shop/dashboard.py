"""Everything about a customer in one answer: convenient, and tied to every table there is."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from shop import orders, points, schemas
from shop.db import session_for
from shop.models import Order, User
from shop.problems import Problem

router = APIRouter(tags=["dashboard"])
Session = Annotated[AsyncSession, Depends(session_for("dashboard"))]


@router.get("/users/{user_id}/dashboard")
async def read_dashboard(user_id: schemas.Id, session: Session) -> schemas.Dashboard:
    """Return a customer with points, orders and addresses."""
    return await everything(session, user_id)


async def everything(session: AsyncSession, user_id: int) -> schemas.Dashboard:
    """Join it all together; a Problem 404 if there is no such customer."""
    bought = joinedload(User.orders)
    query = (
        select(User)
        .options(bought.joinedload(Order.address), bought.joinedload(Order.lines), bought.joinedload(Order.user))
        .where(User.id == user_id)
    )
    user = (await session.scalars(query)).unique().one_or_none()
    if user is None:
        raise Problem(404, f"no user {user_id}")
    history = [orders.view(order) for order in user.orders if order.status == "delivered"]
    return schemas.Dashboard(
        user=schemas.User.model_validate(user),
        points=await points.balance(session, user_id),
        orders=history,
        addresses=list({order.address.model_dump_json(): order.address for order in history}.values()),
    )
