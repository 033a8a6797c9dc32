"""Which of a server's messages confirm a subscription, and how many confirmations a command is owed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.evidence.taps.redis_reply import Value

__all__ = ["SUBSCRIBES", "Subscriptions", "confirms", "is_message"]

CHANNELS, PATTERNS, SHARDS = "channels", "patterns", "shard channels"

SUBSCRIBES = {
    "SUBSCRIBE": CHANNELS,
    "UNSUBSCRIBE": CHANNELS,
    "PSUBSCRIBE": PATTERNS,
    "PUNSUBSCRIBE": PATTERNS,
    "SSUBSCRIBE": SHARDS,
    "SUNSUBSCRIBE": SHARDS,
}
"""What each of these is about. They are answered once for every one of them."""

_MESSAGES = frozenset({"message", "pmessage", "smessage", *(name.lower() for name in SUBSCRIBES)})


class Subscriptions:
    """What one connection is subscribed to, counted from the confirmations: each says how many there are now."""

    def __init__(self) -> None:
        self._sizes: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._sizes.total() > 0

    def owed(self, name: str) -> int:
        """Return how many confirmations such a command is owed that names no channel, all before it being confirmed."""
        return max(1, self._sizes[SUBSCRIBES[name]])

    def confirm(self, value: Value) -> None:
        """Take a confirmation: its kind, the channel, and how many are left, channels and patterns together."""
        match value:
            case [str(name), _, str(count)] if count.isdecimal() and name.upper() in SUBSCRIBES:
                about = SUBSCRIBES[name.upper()]
                others = {CHANNELS: PATTERNS, PATTERNS: CHANNELS}.get(about, "")
                self._sizes[about] = max(0, int(count) - self._sizes[others])

    def clear(self) -> None:
        """Forget them: the connection was reset."""
        self._sizes.clear()


def confirms(name: str, value: Value) -> bool:
    """Whether this confirms the command with that name."""
    return isinstance(value, list) and value[:1] == [name.lower()]


def is_message(value: Value) -> bool:
    """Whether this is what somebody published, or what has become of a subscription."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], str) and value[0] in _MESSAGES
