"""What goes in and out over HTTP. Ids are 32-bit integers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_INT = 2**31 - 1

# PostgreSQL cannot store the character NUL, so it is refused at the door.
Text = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Id = Annotated[int, Field(ge=1, le=MAX_INT)]


class Model(BaseModel):
    """A number is a number: ``"1"`` is none. Built from table rows as well as from JSON."""

    model_config = ConfigDict(strict=True, from_attributes=True)


class NewUser(Model):
    """Somebody who wants to become a customer."""

    nickname: Annotated[Text, Field(max_length=40)]
    email: Annotated[str, Field(max_length=120, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")]


class User(Model):
    """A customer as everybody sees one."""

    id: int
    nickname: str
    email: str


class Points(Model):
    """A customer's balance."""

    user_id: int
    points: int


class PointsChange(Model):
    """Points to give for an order, or below zero to take back."""

    order_id: Id
    points: Annotated[int, Field(ge=-100_000_000, le=100_000_000)]
    reason: Text
