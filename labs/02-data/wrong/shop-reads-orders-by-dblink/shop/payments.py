"""Payments: attempts to pay for an order, and what the provider says of them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shop import models, schemas
from shop.clients import orders
from shop.db import session_for
from shop.problems import Problem

router = APIRouter(tags=["payments"])
Session = Annotated[AsyncSession, Depends(session_for("payments"))]


@router.post("/payments", status_code=201)
async def create_payment(wanted: schemas.NewPayment, session: Session) -> schemas.Payment:
    """Begin to pay for an order that waits to be paid."""
    query = text("SELECT id, status, total_cents FROM orders_to_pay WHERE id = :id")
    order = (await session.execute(query, {"id": wanted.order_id})).one_or_none()
    if order is None:
        raise Problem(422, f"order_id: no order {wanted.order_id}")
    if order.status != "created":
        raise Problem(409, f"order {order.id} is {order.status}, it waits for no payment")
    payment = models.Payment(
        order_id=order.id,
        amount_cents=order.total_cents,
        channel=wanted.channel,
        status="pending",
    )
    session.add(payment)
    await session.commit()
    return schemas.Payment.model_validate(payment)


@router.post("/payments/callback")
async def payment_callback(told: schemas.Callback, session: Session) -> schemas.Payment:
    """Take in what the provider says; it may say so twice, but not change its mind."""
    # Read, ask, write: no transaction is open while another service is asked, which may well ask us in its turn.
    async with session.begin():
        payment = await session.get(models.Payment, told.payment_id)
    if payment is None:
        raise Problem(422, f"payment_id: no payment {told.payment_id}")
    if payment.status not in ("pending", told.result):
        raise Problem(409, f"payment {payment.id} is {payment.status} already")
    if payment.status == "pending":
        await orders.settle(payment.order_id, payment.id, told.result)
        payment.status = told.result
        await session.commit()
        print(f"payment {payment.id} by {payment.channel}: {payment.status}", flush=True)
    return schemas.Payment.model_validate(payment)
