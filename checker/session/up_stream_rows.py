"""Streams in tables: what terminal and notebook show of them. All text is cleaned here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.errors import N_
from checker.report.clean import line
from checker.report.wire import duration
from checker.session.up_state import Rows
from checker.session.up_streams import Look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.report.words import Voice
    from checker.session.up_streams import Stream

__all__ = ["Told", "streams_told"]

CELL = 1_000
"""Characters shown of one value."""
MISSING = "-"
EVENT = ("type", "subject", "data")
"""What is shown of an event, of which there is more in it."""


@dataclass(frozen=True)
class Told:
    """A table under a title, either of which may be missing, and what is said below it."""

    title: str = ""
    rows: Rows | None = None
    below: str = ""


def streams_told(found: Look | Sequence[Stream], voice: Voice) -> list[Told]:
    """Tell which streams there are; or of one of them the newest entries, who reads it, and what is pending."""
    if isinstance(found, Look):
        return [_entries(found, voice), _groups(found, voice), *([_pending(found, voice)] if found.pending else [])]
    return [_list(found, voice)]


def _list(streams: Sequence[Stream], voice: Voice) -> Told:
    if not streams:
        return Told(below=voice.say(N_("There are no streams yet: the first entry makes one.")))
    heads = (N_("stream"), N_("entries"), N_("groups"), N_("pending"), N_("last id"))
    cells = [
        (each.name, each.length, ", ".join(group.name for group in each.groups) or MISSING, each.pending, each.last)
        for each in streams
    ]
    below = voice.say(N_("One with its entries: seamwork stream {name}"), name=line(streams[0].name, 200))
    return Told(rows=_rows([voice.say(head) for head in heads], cells), below=below)


def _entries(look: Look, voice: Voice) -> Told:
    title = line(look.stream.name, 200)
    if not look.entries:
        return Told(title, below=voice.say(N_("It is empty.")))
    read = [_read(entry.fields) for entry in look.entries]
    there = dict.fromkeys(name for fields in read for name in fields)
    names = [*(name for name in EVENT if name in there), *(name for name in there if name not in EVENT)]
    cells = [
        (
            entry.id,
            entry.when.replace("T", " ").removesuffix("Z") or MISSING,
            *(fields.get(name, MISSING) for name in names),
        )
        for entry, fields in zip(look.entries, read, strict=True)
    ]
    heads = [voice.say(N_("id")), voice.say(N_("when (UTC)")), *names]
    shown, of = len(cells), max(look.stream.length, len(cells))
    below = voice.say(N_("entries: {shown} of {of}, the newest first"), shown=shown, of=of)
    return Told(title, _rows(heads, cells), below)


def _read(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what there is to read: the parts of the event in place of the field that it is in, and the other fields."""
    for name, text in fields.items():
        event, others = _event(text), {other: fields[other] for other in fields if other != name}
        if event is not None and not others.keys() & event.keys():
            return event | others
    return dict(fields)


def _event(text: str) -> dict[str, str] | None:
    """Return the parts of a CloudEvent that are shown; None for what is none."""
    try:
        event = json.loads(text)
        if not isinstance(event, dict) or not {"specversion", "type"} <= event.keys():
            return None
        return {name: _plain(event[name]) for name in EVENT if name in event}
    except (ValueError, RecursionError):
        return None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _groups(look: Look, voice: Voice) -> Told:
    if not look.stream.groups:
        return Told(below=voice.say(N_("No group reads it.")))
    heads = (N_("group"), N_("consumers"), N_("unread"), N_("pending"))
    cells = [
        (each.name, each.consumers, MISSING if each.unread is None else each.unread, each.pending)
        for each in look.stream.groups
    ]
    return Told(voice.say(N_("Who reads it")), _rows([voice.say(head) for head in heads], cells))


def _pending(look: Look, voice: Voice) -> Told:
    heads = (N_("group"), N_("consumer"), N_("entry"), N_("idle"), N_("deliveries"))
    cells = [(each.group, each.consumer, each.entry, duration(each.idle), each.times) for each in look.pending]
    more = look.stream.pending - len(cells)
    below = voice.say(N_("{more} more are not shown"), more=more) if more > 0 else ""
    return Told(voice.say(N_("Taken, and not acknowledged")), _rows([voice.say(head) for head in heads], cells), below)


def _rows(heads: Sequence[str], cells: Sequence[Sequence[object]]) -> Rows:
    numbers = [all(isinstance(row[at], int) for row in cells) for at in range(len(heads))]
    return Rows(heads, numbers, [[line(cell, CELL) for cell in row] for row in cells], len(cells), "")
