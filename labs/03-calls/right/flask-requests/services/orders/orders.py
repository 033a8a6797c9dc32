"""The life of an order. Whoever calls commits, so that each request is one transaction."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from services.orders import schemas, shop, users
from services.orders.models import Address, Discount, IdempotencyKey, Order, OrderLine, Stock
from services.orders.problems import Problem
from services.orders.schemas import NewOrder, PaymentResult

MOVES: dict[str, set[str]] = {
    "created": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
}


def find(session: Session, order_id: int, *, lock: bool = False) -> Order:
    """Return one order with all that hangs on it; a Problem 404 if there is none. ``lock`` it to change it."""
    query = select(Order).options(joinedload(Order.address, innerjoin=True), selectinload(Order.lines))
    query = query.where(Order.id == order_id)
    order = session.scalar(query.with_for_update(of=Order) if lock else query)
    if order is None:
        raise Problem(404, f"no order {order_id}")
    return order


def some(session: Session, user_id: int | None, limit: int, offset: int) -> tuple[Sequence[Order], int]:
    """Return orders, newest first, of one customer or of all, and how many there are."""
    whose = true() if user_id is None else Order.user_id == user_id
    query = select(Order).options(joinedload(Order.address), selectinload(Order.lines)).where(whose)
    found = session.scalars(query.order_by(Order.id.desc()).limit(limit).offset(offset)).all()
    return found, session.scalar(select(func.count()).select_from(Order).where(whose)) or 0


def answered(session: Session, basket: NewOrder, key: str | None) -> str | None:
    """Return what was answered to this basket with this key, None if nothing was; a Problem 422 if it was another's."""
    kept = session.get(IdempotencyKey, (basket.user_id, key)) if key else None
    if kept and kept.basket != _digest(basket):
        raise Problem(422, "Idempotency-Key: it came with another order before")
    return kept.answer if kept else None


def claim(session: Session, basket: NewOrder, key: str | None) -> str | None:
    """Take the key; the answer if somebody was quicker, for whose transaction this one waits."""
    if key:
        row = insert(IdempotencyKey).values(user_id=basket.user_id, key=key, basket=_digest(basket))
        session.execute(row.on_conflict_do_nothing())
    return answered(session, basket, key)


def keep(session: Session, basket: NewOrder, key: str | None, answer: str) -> None:
    """Keep the answer for whoever comes with the key again."""
    if key:
        session.get_one(IdempotencyKey, (basket.user_id, key)).answer = answer
        session.flush()


def priced(basket: NewOrder) -> list[OrderLine]:
    """Ask the shop what the basket costs."""
    prices = shop.prices(line.sku for line in basket.lines)
    for position, line in enumerate(basket.lines):
        if line.sku not in prices:
            raise Problem(422, f"lines.{position}.sku: no product {line.sku!r}")
    return [
        OrderLine(position=position, sku=line.sku, quantity=line.quantity, unit_gross_cents=prices[line.sku])
        for position, line in enumerate(basket.lines)
    ]


def place(session: Session, basket: NewOrder, lines: list[OrderLine]) -> Order:
    """Turn a basket into an order: reserve the stock, take the discount off."""
    subtotal = sum(line.quantity * line.unit_gross_cents for line in lines)
    off = _discount(session, basket.discount_code, subtotal)
    _reserve(session, lines)
    order = Order(
        user_id=basket.user_id,
        address=Address(**basket.address.model_dump()),
        status="created",
        lines=lines,
        subtotal_cents=subtotal,
        discount_cents=off,
        total_cents=subtotal - off,
        discount_code=basket.discount_code,
        created_at=datetime.now(UTC),
    )
    session.add(order)
    session.flush()
    return order


def move(session: Session, order: Order, status: str) -> None:
    """Move an order on; a Problem 409 if it cannot go there."""
    if status not in MOVES.get(order.status, ()):
        raise Problem(409, f"order {order.id} is {order.status}, it cannot become {status}")
    order.status = status
    if status == "cancelled":
        _release(session, order.lines)
        give_points(order, -1, "order_cancelled")


def settle(session: Session, order: Order, told: PaymentResult) -> None:
    """Let a payment decide: captured, the order is paid; failed, it is cancelled. Told twice is as good as once."""
    if order.payment_id == told.payment_id and (order.status == "cancelled") == (told.result == "failed"):
        return
    if order.status != "created":
        raise Problem(409, f"order {order.id} is {order.status}, it waits for no payment")
    order.payment_id = told.payment_id
    move(session, order, "paid" if told.result == "captured" else "cancelled")


def give_points(order: Order, sign: int, reason: str) -> None:
    """Give the points of an order, or take them back."""
    points = sign * (order.total_cents // 100)
    users.add_points(user_id=order.user_id, order_id=order.id, points=points, reason=reason)


def view(order: Order, nickname: str | None) -> schemas.Order:
    """Show an order the way everybody sees it."""
    return schemas.Order.model_validate(order).model_copy(update={"nickname": nickname})


def _digest(basket: NewOrder) -> str:
    return hashlib.sha256(basket.model_dump_json().encode()).hexdigest()


def _discount(session: Session, code: str | None, subtotal: int) -> int:
    if code is None:
        return 0
    discount = session.get(Discount, code)
    if discount is None:
        raise Problem(422, f"discount_code: no code {code!r}")
    if discount.valid_until is not None and discount.valid_until < datetime.now(UTC).date():
        raise Problem(422, f"discount_code: {code!r} expired on {discount.valid_until}")
    off = subtotal * discount.value // 100 if discount.kind == "percent" else discount.value
    return min(off, subtotal)


def _reserve(session: Session, lines: Sequence[OrderLine]) -> None:
    """Test and take in one statement; in the order of the SKUs, so that two orders never wait for each other."""
    for line in sorted(lines, key=lambda line: line.sku):
        enough = (Stock.sku == line.sku, Stock.available >= line.quantity)
        taken = update(Stock).where(*enough).values(available=Stock.available - line.quantity).returning(Stock.sku)
        if session.scalar(taken) is None:
            raise Problem(409, f"not enough of {line.sku!r} in stock for {line.quantity}")


def _release(session: Session, lines: Sequence[OrderLine]) -> None:
    for line in sorted(lines, key=lambda line: line.sku):
        back = update(Stock).where(Stock.sku == line.sku).values(available=Stock.available + line.quantity)
        session.execute(back)
