"""The life of an order: created, read, listed, moved on."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from services.orders import calls, discounts, idempotency, models, outbox, schemas, shop, stock, users
from services.orders.db import Session
from services.orders.problems import Problem

router = APIRouter(tags=["orders"], dependencies=[Depends(calls.budget)])

MOVES: dict[str, set[str]] = {
    "created": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
}


@router.post("/orders", status_code=201, response_model=schemas.Order)
async def create_order(basket: schemas.NewOrder, session: Session, key: idempotency.Key = None) -> Response:
    """Turn a basket into an order: price it, reserve the stock, tell of it. With a key, once, however often."""
    async with session.begin():
        answer = await idempotency.answered(session, basket, key)
    if answer is None:
        # What can be asked before anything is held is asked now.
        buyer, lines = await _buyer(basket), await _priced(basket)
        async with session.begin():
            answer = await idempotency.claim(session, basket, key)
            if answer is None:
                order = await _place(session, basket, lines)
                answer = view(order, buyer.nickname).model_dump_json()
                await idempotency.keep(session, basket, key, answer)
                outbox.tell(session, "OrderCreated", order)
                points = order.total_cents // 100
                await users.add_points(user_id=order.user_id, order_id=order.id, points=points, reason="order_created")
    return Response(answer, 201, media_type="application/json")


@router.get("/orders/{order_id}")
async def read_order(order_id: schemas.Id, session: Session) -> schemas.Order:
    """Return one order."""
    # Read, then ask: no connection is held while somebody else is waited for.
    async with session.begin():
        order = await find(session, order_id)
    return view(order, await users.nickname(order.user_id))


@router.get("/orders")
async def list_orders(
    session: Session,
    user_id: schemas.Id | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=schemas.MAX_INT)] = 0,
) -> schemas.OrderPage:
    """Return orders, newest first, of one customer or of all."""
    whose = true() if user_id is None else models.Order.user_id == user_id
    query = _orders(whose).order_by(models.Order.id.desc()).limit(limit).offset(offset)
    async with session.begin():
        rows = (await session.scalars(query)).all()
        total = await session.scalar(select(func.count()).select_from(models.Order).where(whose))
    nicknames = await users.nicknames(order.user_id for order in rows)
    return schemas.OrderPage(items=[view(order, nicknames.get(order.user_id)) for order in rows], total=total or 0)


@router.patch("/orders/{order_id}/status")
async def change_status(order_id: schemas.Id, change: schemas.StatusChange, session: Session) -> schemas.Order:
    """Move an order on; what the rules do not allow is a 409."""
    async with session.begin():
        order = await find(session, order_id, lock=True)
        await _move(session, order, change.status)
    return view(order, await users.nickname(order.user_id))


async def settle(session: AsyncSession, order_id: int, payment_id: int, status: str) -> bool:
    """Let a payment decide what becomes of an order that waits for it; return whether there was such an order."""
    order = await session.scalar(_orders(models.Order.id == order_id).with_for_update(of=models.Order))
    if order is None or order.status != "created":
        return False
    order.payment_id = payment_id
    await _move(session, order, status)
    return True


async def find(session: AsyncSession, order_id: int, *, lock: bool = False) -> models.Order:
    """Return one order with all that hangs on it; a Problem 404 if there is none. ``lock`` it to change it."""
    query = _orders(models.Order.id == order_id)
    order = await session.scalar(query.with_for_update(of=models.Order) if lock else query)
    if order is None:
        raise Problem(404, f"no order {order_id}")
    return order


def view(order: models.Order, nickname: str | None) -> schemas.Order:
    """Show an order the way everybody sees it."""
    return schemas.Order.model_validate(order).model_copy(update={"nickname": nickname})


def _orders(which: ColumnElement[bool]) -> Select[tuple[models.Order]]:
    address = joinedload(models.Order.address, innerjoin=True)
    return select(models.Order).options(address, selectinload(models.Order.lines)).where(which)


async def _buyer(basket: schemas.NewOrder) -> users.User:
    buyer = await users.find(basket.user_id)
    if buyer is None:
        raise Problem(422, f"user_id: no user {basket.user_id}")
    return buyer


async def _priced(basket: schemas.NewOrder) -> list[models.OrderLine]:
    prices = await shop.prices(line.sku for line in basket.lines)
    for position, line in enumerate(basket.lines):
        if line.sku not in prices:
            raise Problem(422, f"lines.{position}.sku: no product {line.sku!r}")
    return [
        models.OrderLine(position=position, sku=line.sku, quantity=line.quantity, unit_gross_cents=prices[line.sku])
        for position, line in enumerate(basket.lines)
    ]


async def _place(session: AsyncSession, basket: schemas.NewOrder, lines: list[models.OrderLine]) -> models.Order:
    subtotal = sum(line.quantity * line.unit_gross_cents for line in lines)
    off = await discounts.discount_cents(session, basket.discount_code, subtotal)
    await stock.reserve(session, lines)
    order = models.Order(
        user_id=basket.user_id,
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
    return order


async def _move(session: AsyncSession, order: models.Order, status: str) -> None:
    if status not in MOVES.get(order.status, ()):
        raise Problem(409, f"order {order.id} is {order.status}, it cannot become {status}")
    order.status = status
    if status == "cancelled":
        await stock.release(session, order.lines)
        outbox.tell(session, "OrderCancelled", order)
