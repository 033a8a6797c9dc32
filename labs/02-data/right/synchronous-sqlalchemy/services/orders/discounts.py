"""Codes that make an order cheaper."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from services.orders.models import Discount
from services.orders.problems import Problem


def discount_cents(session: Session, code: str | None, subtotal_cents: int) -> int:
    """Return what ``code`` takes off, at most all of it; a Problem 422 if it is unknown or has expired."""
    if code is None:
        return 0
    discount = session.get(Discount, code)
    if discount is None:
        raise Problem(422, f"discount_code: no code {code!r}")
    if discount.valid_until is not None and discount.valid_until < datetime.now(UTC).date():
        raise Problem(422, f"discount_code: {code!r} expired on {discount.valid_until}")
    off = subtotal_cents * discount.value // 100 if discount.kind == "percent" else discount.value
    return min(off, subtotal_cents)
