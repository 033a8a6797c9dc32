"""The tables of the shop. Those of orders, users and payments are none of its business."""

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
