"""The tables of the shop. Those of orders and of users are none of its business."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all tables share."""


class Product(Base):
    __tablename__ = "products"

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    price: Mapped["Price"] = relationship(lazy="joined", innerjoin=True)


class Price(Base):
    """What a product costs today, in cents."""

    __tablename__ = "prices"

    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
    price_cents: Mapped[int]


class Payment(Base):
    """One attempt to pay for an order."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]
    amount_cents: Mapped[int]
    channel: Mapped[str]
    status: Mapped[str]
