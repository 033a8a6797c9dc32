"""All tables of the shop, in one place, each knowing its neighbours."""

from datetime import date, datetime

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all tables share."""


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    nickname: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    orders: Mapped[list["Order"]] = relationship(back_populates="user", order_by="Order.id.desc()")


class PointsEntry(Base):
    """Points that were given, or taken back; the balance is their sum."""

    __tablename__ = "points_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int]
    points: Mapped[int]
    reason: Mapped[str]


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


class Stock(Base):
    """How many pieces of a product can still be ordered."""

    __tablename__ = "stock"

    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), primary_key=True)
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
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    status: Mapped[str]
    subtotal_cents: Mapped[int]
    discount_cents: Mapped[int]
    total_cents: Mapped[int]
    discount_code: Mapped[str | None] = mapped_column(ForeignKey("discounts.code"))
    payment_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user: Mapped[User] = relationship(back_populates="orders")
    address: Mapped[Address] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.position")

    @property
    def nickname(self) -> str:
        """The buyer's, as it is today."""
        return self.user.nickname


class OrderLine(Base):
    """So many pieces of one product, at the price of that day."""

    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"))
    quantity: Mapped[int]
    unit_price_cents: Mapped[int]


class Payment(Base):
    """One attempt to pay for an order."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    amount_cents: Mapped[int]
    channel: Mapped[str]
    status: Mapped[str]
