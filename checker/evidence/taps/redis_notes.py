"""What is remembered of the commands that went through a tap. Thread-safe, in memory, bounded."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from checker.evidence.taps.redis_commands import arguments_of, is_queued, keys_of, name_of, tells_secrets
from checker.evidence.taps.redis_reply import RespError, Value, shown

if TYPE_CHECKING:
    from checker.ledger import Ledger

__all__ = ["Notes", "RedisCommand"]

COMMANDS = 20_000
"""Commands kept; past that the oldest go."""

NAMES = 500
"""Names that are counted one by one; of garbage there may be any number."""

HUSHED = "(not kept)"


@dataclass(eq=False, slots=True)
class RedisCommand:
    """One command and what came of it. Times are the ledger's, in seconds.

    ``status``: "waiting"; "queued" until the transaction it is in ends; "answered", or "error" where the answer was one;
    "lost" where the connection went before the answer; "discarded" with its transaction; "silent" where the client
    wanted no reply (CLIENT REPLY); "opaque" where nobody can say.
    """

    connection: int  # 1 is the first that came to the tap
    name: str  # "XADD", "XGROUP CREATE"
    arguments: tuple[str, ...]  # as text, each capped, without passwords
    keys: tuple[str, ...]  # keys, streams, channels
    at: float
    check: str | None = None
    in_multi: bool = False
    status: str = "waiting"
    reply: str = ""  # "OK", "nil", "[a, b]", or the text of the error; capped
    seconds: float | None = None  # until the answer, or the end of its transaction
    fault: str | None = None  # what we did to it: "holds XADD"

    @property
    def error(self) -> str:
        """The text of the error it was answered with: "WRONGTYPE …"; "" if it was not."""
        return self.reply if self.status == "error" else ""

    def is_for(self, name: str | None, key: str | None) -> bool:
        """Whether it has this name ("XGROUP" is any of its kind) and names this key; None is any."""
        named = name is None or self.name == name or self.name.startswith(f"{name} ")
        return named and (key is None or key in self.keys)


class Notes:
    """The commands of one tap, in the order in which they came, and how many of each name there ever were."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._kept: deque[RedisCommand] = deque(maxlen=COMMANDS)
        self._counts: Counter[str] = Counter()
        self._marked = 0.0

    def commands(self, name: str | None = None, key: str | None = None) -> list[RedisCommand]:
        """Return copies of those since the last mark that match, oldest first."""
        with self._lock:
            return [replace(one) for one in self._kept if one.at >= self._marked and one.is_for(name, key)]

    def counts(self) -> Counter[str]:
        """Return how many commands of each name there ever were."""
        with self._lock:
            return self._counts.copy()

    def mark(self) -> None:
        """Begin anew with ``commands()``."""
        self._marked = self._ledger.now()

    def came(self, connection: int, words: list[bytes], count: int, *, in_multi: bool) -> RedisCommand:
        """Note, in the loop, a command of ``count`` words, of which these are the first."""
        text = [word.decode("utf-8", "replace") for word in words]
        name = name_of(text)
        noted = RedisCommand(
            connection,
            name,
            arguments_of(text, count),
            keys_of(text, count),
            self._ledger.now(),
            self._ledger.check,
            in_multi and is_queued(name),
        )
        self._keep(noted)
        return noted

    def opaque(self, connection: int, why: str) -> None:
        """Note, in the loop, that what follows on this connection cannot be read."""
        self._keep(
            RedisCommand(
                connection, "(opaque)", (), (), self._ledger.now(), self._ledger.check, status="opaque", reply=why
            )
        )

    def answered(self, command: RedisCommand, value: Value) -> None:
        """Note, in the loop, the answer to a command; "QUEUED" is one of those."""
        text = HUSHED if tells_secrets(command.name) and not isinstance(value, RespError) else shown(value)
        self.became(command, "error" if isinstance(value, RespError) else "answered", text)

    def became(self, command: RedisCommand, status: str, reply: str = "") -> None:
        """Note, in the loop, what became of a command."""
        with self._lock:
            command.status, command.reply = status, reply
            if status not in ("waiting", "queued", "opaque"):
                command.seconds = self._ledger.now() - command.at

    def _keep(self, command: RedisCommand) -> None:
        with self._lock:
            self._kept.append(command)
            name = command.name if command.name in self._counts or len(self._counts) < NAMES else "(others)"
            self._counts[name] += 1
