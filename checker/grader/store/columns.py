"""Columns that hold the same on both databases: instants, texts that nothing can hide in, JSON, and large JSON."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, LargeBinary, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from checker.report.clean import line

__all__ = ["Json", "Large", "Moment", "Plain", "dumped"]


class Moment(TypeDecorator[datetime]):
    """An aware time, in UTC: SQLite knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse what has no zone: it would be another time on another machine."""
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"{value} has no time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return it in UTC, whatever zone the server speaks of."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Plain(TypeDecorator[str]):
    """One line of text: names of students and folders may hold NUL or bytes that are no text, which databases refuse."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write out what no line of text holds."""
        return None if value is None else line(value)


class Json(TypeDecorator[Any]):
    """A JSON value, as text in ASCII."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write it down; what is no JSON value as its text."""
        return None if value is None else dumped(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read it."""
        return None if value is None else json.loads(value)


class Large(TypeDecorator[Any]):
    """A large JSON value, compressed: the evidence of one run is mostly repetition."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes:  # noqa: ARG002
        """Compress it."""
        return zlib.compress(dumped(value).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read it."""
        return None if value is None else json.loads(zlib.decompress(value))


def dumped(value: Any) -> str:
    """Return a value as JSON; paths, times and the like as their text."""
    return json.dumps(value, default=str)
