"""The life of an order. Whoever calls commits, so that each request is one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, true, update
from sqlalchemy.orm import Session, joinedload, selectinload

from services.orders import shop
from services.orders.models import Address, Discount, Order, OrderLine, Stock
from services.orders.problems import Problem
from services.orders.schemas import NewOrder, PaymentResult

MOVES: dict[str, set[str]] = {
    "created": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered"},
}


def find(session: Session, order_id: int, *, lock: bool = False) -> Order:
    """Return one order; a Problem 404 if there is none. ``lock`` it to change it."""
    query = select(Order).where(Order.id == order_id)
    order = session.scalar(query.with_for_update() if lock else query)
    if order is None:
        raise Problem(404, f"no order {order_id}")
    return order


def some(session: Session, user_id: int | None, limit: int, offset: int) -> tuple[Sequence[Order], int]:
    """Return orders, newest first, of one customer or of all, and how many there are."""
    whose = true() if user_id is None else Order.user_id == user_id
    query = select(Order).options(joinedload(Order.address), selectinload(Order.lines)).where(whose)
    found = session.scalars(query.order_by(Order.id.desc()).limit(limit).offset(offset)).all()
    return found, session.scalar(select(func.count()).select_from(Order).where(whose)) or 0


def place(session: Session, basket: NewOrder) -> Order:
    """Turn a basket into an order: price it, reserve the stock, give the points."""
    lines = _priced(basket)
    subtotal = sum(line.quantity * line.unit_price_cents for line in lines)
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
    # Last: when the shop does not take the points, nothing of the order stays either.
    _give_points(order, order.total_cents // 100, "order_created")
    return order


def move(session: Session, order: Order, status: str) -> None:
    """Move an order on; a Problem 409 if it cannot go there."""
    if status not in MOVES.get(order.status, ()):
        raise Problem(409, f"order {order.id} is {order.status}, it cannot become {status}")
    order.status = status
    if status == "cancelled":
        _release(session, order.lines)
        _give_points(order, -(order.total_cents // 100), "order_cancelled")


def settle(session: Session, order: Order, told: PaymentResult) -> None:
    """Let a payment decide: captured, the order is paid; failed, it is cancelled. Told twice is as good as once."""
    if order.payment_id == told.payment_id and (order.status == "cancelled") == (told.result == "failed"):
        return
    if order.status != "created":
        raise Problem(409, f"order {order.id} is {order.status}, it waits for no payment")
    order.payment_id = told.payment_id
    move(session, order, "paid" if told.result == "captured" else "cancelled")


def _priced(basket: NewOrder) -> list[OrderLine]:
    prices = shop.prices(line.sku for line in basket.lines)
    for position, line in enumerate(basket.lines):
        if line.sku not in prices:
            raise Problem(422, f"lines.{position}.sku: no product {line.sku!r}")
    return [
        OrderLine(position=position, sku=line.sku, quantity=line.quantity, unit_price_cents=prices[line.sku])
        for position, line in enumerate(basket.lines)
    ]


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


def _give_points(order: Order, number: int, reason: str) -> None:
    shop.add_points(user_id=order.user_id, order_id=order.id, points=number, reason=reason)
