"""How many pieces there are, and who may have them."""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.orders.models import Stock
from services.orders.problems import Problem


class Line(Protocol):
    """Whatever asks for some pieces of a product."""

    sku: str
    quantity: int


def reserve(session: Session, lines: Iterable[Line]) -> None:
    """Take the pieces out of stock; a Problem 409 if there are not enough of one.

    Test and decrement are one statement, so two orders cannot both have the last piece. Everybody locks the rows
    in the order of their SKUs, so two orders cannot wait for each other either.
    """
    for line in sorted(lines, key=lambda line: line.sku):
        enough = (Stock.sku == line.sku, Stock.available >= line.quantity)
        taken = update(Stock).where(*enough).values(available=Stock.available - line.quantity).returning(Stock.sku)
        if session.scalar(taken) is None:
            raise Problem(409, f"not enough of {line.sku!r} in stock for {line.quantity}")


def release(session: Session, lines: Iterable[Line]) -> None:
    """Put the pieces back."""
    for line in sorted(lines, key=lambda line: line.sku):
        back = update(Stock).where(Stock.sku == line.sku).values(available=Stock.available + line.quantity)
        session.execute(back)
