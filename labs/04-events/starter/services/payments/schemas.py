"""What goes in and out over HTTP. Money in cents, ids are 32-bit integers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_INT = 2**31 - 1

Id = Annotated[int, Field(ge=1, le=MAX_INT)]
Channel = Literal["card", "paypal", "invoice"]
Result = Literal["captured", "failed"]


class Model(BaseModel):
    """A number is a number: ``"1"`` is none. Built from table rows as well as from JSON."""

    model_config = ConfigDict(strict=True, from_attributes=True)


class NewPayment(Model):
    """Somebody begins to pay for an order."""

    order_id: Id
    channel: Channel


class Payment(Model):
    """A payment as everybody sees it."""

    id: int
    order_id: int
    amount_cents: int
    channel: Channel
    status: Literal["pending", "captured", "failed"]


class Callback(Model):
    """What the payment provider tells us."""

    payment_id: Id
    result: Result
