"""Payments: begun by a customer, decided by the provider."""

from fastapi import APIRouter

from services.payments import models, orders, outbox, schemas
from services.payments.db import Session
from services.payments.problems import Problem

router = APIRouter(tags=["payments"])


@router.post("/payments", status_code=201)
async def create_payment(wanted: schemas.NewPayment, session: Session) -> schemas.Payment:
    """Begin to pay for an order that waits to be paid."""
    order = await orders.find(wanted.order_id)
    if order is None:
        raise Problem(422, f"order_id: no order {wanted.order_id}")
    if order.status != "created":
        raise Problem(409, f"order {order.id} is {order.status}, it waits for no payment")
    payment = models.Payment(
        order_id=order.id, amount_cents=order.total_cents, channel=wanted.channel, status="pending"
    )
    async with session.begin():
        session.add(payment)
    return schemas.Payment.model_validate(payment)


@router.post("/payments/callback")
async def payment_callback(told: schemas.Callback, session: Session) -> schemas.Payment:
    """Take in what the provider says; it may say so twice, but not change its mind.

    Nobody is asked or waited for. That it happened and that it will be told are one transaction.
    """
    async with session.begin():
        payment = await session.get(models.Payment, told.payment_id, with_for_update=True)
        if payment is None:
            raise Problem(422, f"payment_id: no payment {told.payment_id}")
        if payment.status not in ("pending", told.result):
            raise Problem(409, f"payment {payment.id} is {payment.status} already")
        if payment.status == "pending":
            payment.status = told.result
            outbox.tell(session, payment)
    return schemas.Payment.model_validate(payment)
