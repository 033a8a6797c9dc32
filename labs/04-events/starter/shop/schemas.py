"""What goes in and out over HTTP. Money in cents, ids are 32-bit integers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_INT = 2**31 - 1

# PostgreSQL cannot store the character NUL, so it is refused at the door.
Text = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Id = Annotated[int, Field(ge=1, le=MAX_INT)]
Sku = Annotated[str, Field(max_length=32, pattern=r"^[A-Z0-9][A-Z0-9-]*$")]

Status = Literal["created", "paid", "shipped", "delivered", "cancelled"]


class Model(BaseModel):
    """A number is a number: ``"1"`` is none. Built from table rows as well as from JSON."""

    model_config = ConfigDict(strict=True, from_attributes=True)


class Product(Model):
    sku: str
    name: str
    description: str
    price_cents: int


class Address(Model):
    recipient: Text
    street: Text
    city: Text
    postcode: Annotated[Text, Field(max_length=16)]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Line(Model):
    sku: str
    quantity: int
    unit_price_cents: int


class Order(Model):
    id: int
    user_id: int
    nickname: str | None
    status: Status
    lines: list[Line]
    subtotal_cents: int
    discount_cents: int
    total_cents: int
    discount_code: str | None
    address: Address
    created_at: datetime


class OrderPage(Model):
    """Some orders, newest first, and how many there are in all."""

    items: list[Order]
    total: int
