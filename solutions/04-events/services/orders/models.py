"""The tables that this service owns. Nobody else reads or writes them; it reads and writes no others.

``user_id`` and the SKUs are plain values here: what they stand for lives elsewhere.
"""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What these tables share."""

    type_annotation_map: ClassVar = {str: Text}


class Stock(Base):
    """How many pieces of a product can still be ordered."""

    __tablename__ = "stock"

    sku: Mapped[str] = mapped_column(primary_key=True)
    available: Mapped[int]


class Discount(Base):
    """A code that makes an order cheaper: by ``value`` percent, or by ``value`` cents."""

    __tablename__ = "discounts"

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    value: Mapped[int]
    valid_until: Mapped[date | None]


class Address(Base):
    """Where an order goes, as it was when the order was made."""

    __tablename__ = "addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    street: Mapped[str]
    city: Mapped[str]
    postcode: Mapped[str]
    country: Mapped[str]


class Order(Base):
    """An order; ``payment_id`` is the payment that decided it."""

    __tablename__ = "orders"
    __table_args__ = (Index("orders_of_user", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    status: Mapped[str]
    subtotal_cents: Mapped[int]
    discount_cents: Mapped[int]
    total_cents: Mapped[int]
    discount_code: Mapped[str | None] = mapped_column(ForeignKey("discounts.code"))
    payment_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    address: Mapped[Address] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.position")


class OrderLine(Base):
    """So many pieces of one product, at the price of that day.

    The price is moving to another column. As long as there are versions that know only the first one, it is written to
    both; and where one of them has left the second one empty, it is read from the first.
    """

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    quantity: Mapped[int]
    _unit_price_cents: Mapped[int] = mapped_column("unit_price_cents")
    _unit_gross_cents: Mapped[int | None] = mapped_column("unit_gross_cents")

    @property
    def unit_gross_cents(self) -> int:
        """What one piece costs, taxes and all."""
        return self._unit_price_cents if self._unit_gross_cents is None else self._unit_gross_cents

    @unit_gross_cents.setter
    def unit_gross_cents(self, cents: int) -> None:
        self._unit_price_cents = self._unit_gross_cents = cents


class IdempotencyKey(Base):
    """What was answered to an order that a customer sent with this key.

    ``basket`` is a digest of what was ordered. There is no ``answer`` until the order is there, and nobody but the
    transaction that makes it ever sees that.
    """

    __tablename__ = "idempotency_keys"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    basket: Mapped[str]
    answer: Mapped[str | None]


class OutboxEntry(Base):
    """An event that is to be published, kept by the transaction that it tells of.

    ``event`` is what goes out, word for word, however often. ``published_at`` is empty until the broker has it.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_unpublished", "sequence", postgresql_where=text("published_at IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    type: Mapped[str]
    event: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
