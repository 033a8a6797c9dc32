"""Orders: the heart of the shop, and everybody's hands are in it."""

import os
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from shop import discounts, models, points, products, schemas, stock
from shop.db import session_for
from shop.problems import Problem

router = APIRouter(tags=["orders"])
Session = Annotated[AsyncSession, Depends(session_for("orders"))]

MOVES: dict[str, set[str]] = {
    "created": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
}


@router.post("/orders", status_code=201)
async def create_order(basket: schemas.NewOrder, session: Session) -> schemas.Order:
    """Turn a basket into an order: price it, reserve the stock, give the points."""
    user = await session.get(models.User, basket.user_id)
    if user is None:
        raise Problem(422, f"user_id: no user {basket.user_id}")
    lines = await _priced(session, basket)
    subtotal = sum(line.quantity * line.unit_price_cents for line in lines)
    off = await discounts.discount_cents(session, basket.discount_code, subtotal)
    await stock.reserve(session, lines)
    order = models.Order(
        user=user,
        address=models.Address(**basket.address.model_dump()),
        status="created",
        lines=lines,
        subtotal_cents=subtotal,
        discount_cents=off,
        total_cents=subtotal - off,
        discount_code=basket.discount_code,
        created_at=datetime.now(UTC),
    )
    session.add(order)
    await session.flush()
    await session.commit()
    print(f"order {order.id} by {user.email}: {order.total_cents} cents", flush=True)
    return view(order)


@router.get("/orders/{order_id}")
async def read_order(order_id: schemas.Id, session: Session) -> schemas.Order:
    """Return one order."""
    return view(await find(session, order_id))


@router.get("/orders")
async def list_orders(
    session: Session,
    user_id: schemas.Id | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=schemas.MAX_INT)] = 0,
) -> schemas.OrderPage:
    """Return orders, newest first, of one customer or of all."""
    whose = true() if user_id is None else models.Order.user_id == user_id
    rows = await session.scalars(_orders(whose).order_by(models.Order.id.desc()).limit(limit).offset(offset))
    total = await session.scalar(select(func.count()).select_from(models.Order).where(whose))
    return schemas.OrderPage(items=[view(order) for order in rows], total=total or 0)


@router.patch("/orders/{order_id}/status")
async def change_status(order_id: schemas.Id, change: schemas.StatusChange, session: Session) -> schemas.Order:
    """Move an order on; what the rules do not allow is a 409."""
    order = await find(session, order_id, lock=True)
    await _move(session, order, change.status)
    await session.commit()
    return view(order)


async def find(session: AsyncSession, order_id: int, *, lock: bool = False) -> models.Order:
    """Return one order with all that hangs on it; a Problem 404 if there is none. ``lock`` it to change it."""
    query = _orders(models.Order.id == order_id)
    order = await session.scalar(query.with_for_update(of=models.Order) if lock else query)
    if order is None:
        raise Problem(404, f"no order {order_id}")
    return order


async def settle(session: AsyncSession, order_id: int, payment_id: int, result: str) -> models.Order:
    """Let a payment decide: captured, the order is paid; failed, it is cancelled. Told twice is as good as once."""
    order = await find(session, order_id, lock=True)
    if order.payment_id == payment_id and (order.status == "cancelled") == (result == "failed"):
        return order
    if order.status != "created":
        raise Problem(409, f"order {order.id} is {order.status}, it waits for no payment")
    order.payment_id = payment_id
    await _move(session, order, "paid" if result == "captured" else "cancelled")
    return order


async def bestsellers(session: AsyncSession) -> list[str]:
    """Return the SKUs that sold best and can still be had, best first."""
    sold = func.sum(models.OrderLine.quantity)
    query = (
        select(models.OrderLine.sku)
        .join(models.Order, models.Order.id == models.OrderLine.order_id)
        .join(models.Stock, models.Stock.sku == models.OrderLine.sku)
        .where(models.Order.status != "cancelled", models.Stock.available > 0)
        .group_by(models.OrderLine.sku)
        .order_by(sold.desc(), models.OrderLine.sku)
        .limit(int(os.environ.get("BESTSELLERS", "6")))
    )
    return list(await session.scalars(query))


def view(order: models.Order) -> schemas.Order:
    """Show an order the way everybody sees it."""
    return schemas.Order.model_validate(order)


def _orders(which: ColumnElement[bool]) -> Select[tuple[models.Order]]:
    buyer = joinedload(models.Order.user, innerjoin=True)
    address = joinedload(models.Order.address, innerjoin=True)
    return select(models.Order).options(buyer, address, selectinload(models.Order.lines)).where(which)


async def _priced(session: AsyncSession, basket: schemas.NewOrder) -> list[models.OrderLine]:
    prices = await products.prices(session, [line.sku for line in basket.lines])
    for position, line in enumerate(basket.lines):
        if line.sku not in prices:
            raise Problem(422, f"lines.{position}.sku: no product {line.sku!r}")
    return [
        models.OrderLine(position=position, sku=line.sku, quantity=line.quantity, unit_price_cents=prices[line.sku])
        for position, line in enumerate(basket.lines)
    ]


async def _move(session: AsyncSession, order: models.Order, status: str) -> None:
    if status not in MOVES.get(order.status, ()):
        raise Problem(409, f"order {order.id} is {order.status}, it cannot become {status}")
    order.status = status
    print(f"order {order.id} is now {status}", flush=True)
    if status == "cancelled":
        await stock.release(session, order.lines)
        await _give_points(session, order, -points.earned(order), "order_cancelled")


async def _give_points(session: AsyncSession, order: models.Order, number: int, reason: str) -> None:
    await points.add(session, user_id=order.user_id, order_id=order.id, points=number, reason=reason)
