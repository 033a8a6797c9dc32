"""The tables that this service owns. Nobody else reads or writes them; it reads and writes no others.

``order_id`` is a plain value here: what it stands for lives elsewhere.
"""

from typing import ClassVar

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What these tables share."""

    type_annotation_map: ClassVar = {str: Text}


class User(Base):
    """A customer."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    nickname: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    points: Mapped[int] = mapped_column(server_default="0")


class PointsEntry(Base):
    """Points that were given for an order, or taken back, once for each reason; the balance is their sum."""

    __tablename__ = "points_entries"
    __table_args__ = (UniqueConstraint("order_id", "reason"), Index("points_of_user", "user_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int]
    points: Mapped[int]
    reason: Mapped[str]
