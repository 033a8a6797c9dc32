"""The streams of the shop's broker, looked at and left as they are: nothing here changes, reads for a group, or acknowledges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from checker.errors import N_, Blocked, UsageError
from checker.report.clean import line

__all__ = ["Entry", "Group", "Look", "Stream", "Untold", "look_at", "streams_of"]

WITHIN = 5.0
"""Seconds that the broker has for an answer."""
MOST = 1_000
"""Entries, of a stream and of those that a group has not acknowledged, that are looked at."""
VALUE = 65_536
"""Characters kept of one field."""


@dataclass(frozen=True)
class Group:
    """Who reads a stream. ``unread``: entries that nobody of the group was given yet; None where the broker cannot tell."""

    name: str
    consumers: int
    unread: int | None
    pending: int  # given to a consumer, and not acknowledged


@dataclass(frozen=True)
class Stream:
    """A stream. ``last``: the id that was given last."""

    name: str
    length: int
    last: str
    groups: Sequence[Group]

    @property
    def pending(self) -> int:
        """Entries that were given to somebody and not acknowledged, of all groups."""
        return sum(group.pending for group in self.groups)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Build it from its plain form."""
        return cls(**{**plain, "groups": [Group(**each) for each in plain["groups"]]})

    def as_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return asdict(self)


@dataclass(frozen=True)
class Entry:
    """An entry as it is in its stream. ``when``: what its id says of it, ISO 8601 in UTC, "" where that is no time."""

    id: str
    when: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Untold:
    """An entry that a consumer was given ``idle`` seconds ago, for the ``times``-th time, and has not acknowledged."""

    group: str
    consumer: str
    entry: str
    idle: float
    times: int


@dataclass(frozen=True)
class Look:
    """A stream with its newest entries, newest first, and what is pending, oldest first."""

    stream: Stream
    entries: Sequence[Entry]
    pending: Sequence[Untold]

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Build it from its plain form."""
        entries = [Entry(**each) for each in plain["entries"]]
        return cls(Stream.of(plain["stream"]), entries, [Untold(**each) for each in plain["pending"]])

    def as_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return asdict(self)


def streams_of(url: str) -> list[Stream]:
    """Return every stream of the broker at ``url``, by name. Raises Blocked when it does not answer."""
    with _asking(url) as broker:
        return [_stream(broker, name, key) for name, key in sorted(_keys(broker).items())]


def look_at(url: str, name: str, count: int) -> Look:
    """Return a stream of the broker at ``url`` with its newest ``count`` entries.

    Raises UsageError where there is none of this name, or nobody wants so many; Blocked when the broker does not answer.
    """
    if not 1 <= count <= MOST:
        raise UsageError(N_("{count} entries cannot be shown."), N_("From 1 to {most} can."), count=count, most=MOST)
    with _asking(url) as broker:
        keys = _keys(broker)
        if name not in keys:
            raise _stranger(name, sorted(keys))
        stream, newest = _stream(broker, name, keys[name]), broker.xrevrange(keys[name], count=count)
        pending = [each for group in broker.xinfo_groups(keys[name]) for each in _pending(broker, keys[name], group)]
        return Look(stream, [_entry(*each) for each in newest], pending)


@contextmanager
def _asking(url: str) -> Iterator[Any]:  # the client types each answer as all that Redis could ever answer
    import redis  # noqa: PLC0415  (a tenth of a second, for those who ask)
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    try:
        with redis.Redis.from_url(url, socket_timeout=WITHIN, retry=Retry(NoBackoff(), 0)) as broker:
            yield broker
    except redis.RedisError as error:
        raise Blocked(
            N_("The broker cannot be asked: {said}"),
            N_("Is the shop still up? See: seamwork up"),
            said=line(error, 600),
        ) from error


def _keys(broker: Any) -> dict[str, bytes]:
    return {_text(key): key for key in broker.scan_iter(count=1000, _type="stream")}


def _stream(broker: Any, name: str, key: bytes) -> Stream:
    found = broker.xinfo_stream(key)
    groups = [
        Group(_text(each["name"]), each["consumers"], each.get("lag"), each["pending"])
        for each in broker.xinfo_groups(key)
    ]
    return Stream(name, found["length"], _text(found["last-generated-id"]), groups)


def _pending(broker: Any, key: bytes, group: Mapping[str, Any]) -> list[Untold]:
    return [
        Untold(
            _text(group["name"]),
            _text(each["consumer"]),
            _text(each["message_id"]),
            each["time_since_delivered"] / 1000,
            each["times_delivered"],
        )
        for each in broker.xpending_range(key, group["name"], "-", "+", MOST)
    ]


def _entry(id_: bytes, fields: Mapping[bytes, bytes] | None) -> Entry:
    return Entry(_text(id_), _when(_text(id_)), {_text(name): _text(value) for name, value in (fields or {}).items()})


def _when(id_: str) -> str:
    try:
        moment = datetime.fromtimestamp(int(id_.partition("-")[0]) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: bytes) -> str:
    return value[: 4 * VALUE].decode(errors="replace")[:VALUE]


def _stranger(name: str, known: Sequence[str]) -> UsageError:
    return UsageError(
        N_("There is no stream {name!r}."),
        N_("There are: {known}.") if known else N_("There are none yet: the first entry makes one."),
        name=line(name, 200),
        known=line(", ".join(known), 2_000),
    )
