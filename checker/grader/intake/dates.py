"""Dates as people and their spreadsheets write them; the year first, or not at all."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo

__all__ = ["aware", "moodle_date", "parse_date"]

_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?)? *(Z|UTC|[+-]\d\d:?\d\d)?"
)
_MOODLE = ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")
_LAST = time(23, 59, 59)


def parse_date(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment; a day alone means its end. None where the text is no date with the year first.

    ``zone`` is whose clock is meant where the text does not say: this machine's, by default.
    """
    found = _YEAR_FIRST.fullmatch(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        at = time(int(hour), int(minute), int(second or 0)) if hour else _LAST
        moment = datetime.combine(date(int(year), int(month), int(day)), at)
        if offset:
            return datetime.fromisoformat(moment.isoformat() + offset.replace("UTC", "+00:00").replace("Z", "+00:00"))
    except ValueError:
        return None
    return aware(moment, zone)


def moodle_date(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment that Moodle's grading worksheet names in English; None for any other language."""
    for form in _MOODLE:
        try:
            return aware(datetime.strptime(text.strip(), form), zone)  # noqa: DTZ007  (it gets its zone here)
        except ValueError:
            continue
    return None


def aware(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """Return the moment with a zone: its own, else ``zone``, else this machine's."""
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone) if zone is not None else moment.astimezone()
