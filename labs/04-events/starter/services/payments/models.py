"""The tables that this service owns. Nobody else reads or writes them; it reads and writes no others.

``order_id`` is a plain value here: what it stands for lives elsewhere.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What these tables share."""

    type_annotation_map: ClassVar = {str: Text, datetime: DateTime(timezone=True)}


class Payment(Base):
    """One attempt to pay for an order."""

    __tablename__ = "payments"
    __table_args__ = (Index("payments_of_order", "order_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]
    amount_cents: Mapped[int]
    channel: Mapped[str]
    status: Mapped[str]


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
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
