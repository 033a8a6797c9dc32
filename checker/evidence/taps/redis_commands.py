"""What a command of Redis is called, which keys it names, and what of its arguments may be kept.

Key positions: "Redis command reference" and "Key specifications", redis.io, for the commands that services here use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["arguments_of", "is_queued", "keys_of", "name_of", "tells_secrets"]

ARGUMENTS = 24
"""Arguments kept of a command."""

MASK = "***"

_CONTAINERS = frozenset(
    "ACL CLIENT CLUSTER COMMAND CONFIG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG XGROUP XINFO".split()  # noqa: SIM905  (fifteen words read better than fifteen lines)
)
"""Their second word belongs to the name."""

_AT_ONCE = frozenset({"DISCARD", "EXEC", "MULTI", "QUIT", "RESET", "WATCH"})

Words = Sequence[str]
"""The words of a command, its name first; those of a long one only in part."""


def name_of(words: Words) -> str:
    """Return the name in capitals, with the second word where it takes two: "XADD", "XGROUP CREATE"."""
    return " ".join(words[: _length(words)]).upper()


def keys_of(words: Words, count: int) -> tuple[str, ...]:
    """Return the keys, streams or channels it names; ``count`` is how many words it has in all."""
    return tuple(_KEYS.get(words[0].upper(), _first)(words, count))


def arguments_of(words: Words, count: int) -> tuple[str, ...]:
    """Return its arguments for the notes, without passwords; "…" in place of those past the cap."""
    named = _length(words)
    kept = _masked(words)[named : named + ARGUMENTS]
    return (*kept, "…") if count - named > len(kept) else tuple(kept)


def is_queued(name: str) -> bool:
    """Whether a transaction queues the command with this name."""
    return name not in _AT_ONCE


def tells_secrets(name: str) -> bool:
    """Whether the reply to the command with this name may tell a password."""
    return name == "CONFIG GET" or name.startswith("ACL ")


def _length(words: Words) -> int:
    """How many words the name takes."""
    return min(len(words), 2 if words[0].upper() in _CONTAINERS else 1)


def _masked(words: Words) -> Words:
    match words[0].upper():
        case "AUTH":
            return [words[0], *words[1:-1][:1], MASK]
        case "HELLO" | "MIGRATE":
            return _masked_after_auth(words)
        case "ACL" | "CONFIG" if len(words) > 2 and words[1].upper() in ("SETUSER", "SET"):  # noqa: PLR2004
            return [*words[:3], *(MASK for _ in words[3:])]
        case _:
            return words


def _masked_after_auth(words: Words) -> Words:
    """Mask what follows AUTH or AUTH2: a name and a password, or a password alone."""
    places = [place for place, word in enumerate(words) if word.upper() in ("AUTH", "AUTH2")]
    return [MASK if any(0 < place - auth <= 2 for auth in places) else word for place, word in enumerate(words)]  # noqa: PLR2004


def _none(_words: Words, _count: int) -> Words:
    return ()


def _first(words: Words, _count: int) -> Words:
    return words[1:2]


def _second(words: Words, _count: int) -> Words:
    return words[2:3]


def _two(words: Words, _count: int) -> Words:
    return words[1:3]


def _all(words: Words, _count: int) -> Words:
    return words[1:]


def _all_but_last(words: Words, count: int) -> Words:
    return words[1 : count - 1]


def _every_other(words: Words, _count: int) -> Words:
    return words[1::2]


def _streams(words: Words, count: int) -> Words:
    """Take the first half of what comes after STREAMS; the other half are ids."""
    places = [place for place, word in enumerate(words) if word.upper() == "STREAMS"]
    if not places:
        return ()
    first = places[0] + 1
    return words[first : first + (count - first) // 2]


def _counted(place: int, *, before: int = 0) -> Callable[[Words, int], Words]:
    """Take as many keys as the word at ``place`` says, after it; ``before`` more stand before it."""

    def keys(words: Words, _count: int) -> Words:
        said = words[place] if len(words) > place else ""
        number = int(said) if said.isdecimal() else 0
        return [*words[1 : 1 + before], *words[place + 1 : place + 1 + number]]

    return keys


_POSITIONS: dict[Callable[[Words, int], Words], str] = {
    _none: "ACL AUTH BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DISCARD ECHO EXEC FLUSHALL FLUSHDB FUNCTION HELLO INFO"
    " KEYS LATENCY MONITOR MULTI PING QUIT RESET SCAN SCRIPT SELECT SLOWLOG TIME UNWATCH WAIT",
    _second: "MEMORY OBJECT XGROUP XINFO",
    _two: "BLMOVE BRPOPLPUSH COPY LMOVE RENAME RENAMENX RPOPLPUSH SMOVE",
    _all: "DEL EXISTS MGET PFCOUNT PFMERGE PSUBSCRIBE PUNSUBSCRIBE SDIFF SDIFFSTORE SINTER SINTERSTORE SSUBSCRIBE"
    " SUBSCRIBE SUNION SUNIONSTORE SUNSUBSCRIBE TOUCH UNLINK UNSUBSCRIBE WATCH",
    _all_but_last: "BLPOP BRPOP BZPOPMAX BZPOPMIN",
    _every_other: "MSET MSETNX",
    _streams: "XREAD XREADGROUP",
    _counted(1): "LMPOP SINTERCARD ZDIFF ZINTER ZMPOP ZUNION",
    _counted(2): "BLMPOP BZMPOP EVAL EVALSHA EVALSHA_RO EVAL_RO FCALL FCALL_RO",
    _counted(2, before=1): "ZDIFFSTORE ZINTERSTORE ZUNIONSTORE",
}
_KEYS = {name: keys for keys, names in _POSITIONS.items() for name in names.split()}
