"""What `seamwork grade` takes beyond words and paths: moments, spans of time, shares."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import click

from checker.errors import N_
from checker.language import say

__all__ = ["MOMENT", "SHARE", "SPAN"]

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A date, or a date and a time: "2026-11-25 23:59+01:00"."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it; without a zone this machine's clock is meant, a day alone means its end."""
        from checker.grader.intake.dates import parse_date  # noqa: PLC0415  (only where one is named)

        if (found := parse_date(str(value))) is None:
            self.fail(say(N_("{value!r} is no moment; write 2026-11-25 23:59+01:00."), value=value), param, ctx)
        return found


class Span(click.ParamType[timedelta]):
    """A span of time: "30m", "2h", "1.5d"."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it."""
        if isinstance(value, timedelta):
            return value
        if (found := _SPAN.fullmatch(str(value))) is None:
            self.fail(say(N_("{value!r} is no span of time; write 30m, 2h or 1.5d."), value=value), param, ctx)
        return timedelta(**{_UNITS[found[2]]: float(found[1])})


class Share(click.ParamType[float]):
    """A share: "10%" or "0.1"."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        text = str(value)
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(say(N_("{value!r} is no share; write 10% or 0.1."), value=value), param, ctx)
        return share


MOMENT, SPAN, SHARE = Moment(), Span(), Share()
