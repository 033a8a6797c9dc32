"""Which reply answers which command on one connection. Pure: it sees messages, never a socket."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from checker.evidence.taps.redis_pubsub import SUBSCRIBES, Subscriptions, confirms, is_message
from checker.evidence.taps.redis_reply import WIDE, Reply, RespError, Value
from checker.evidence.taps.redis_wire import NotRespError

if TYPE_CHECKING:
    from checker.evidence.taps.orders import Dropped, Held
    from checker.evidence.taps.redis_notes import Notes, RedisCommand
    from checker.evidence.taps.redis_wire import Asking

__all__ = ["Dialogue", "Turn"]

QUEUE = 1_000
"""Commands of one transaction whose outcome is told; those after it stay "queued"."""

WAITING = 10_000
"""Commands of one connection that are told apart while they wait; those after it are only counted."""

_CHANGES = frozenset({"DISCARD", "EXEC", "HELLO", "MONITOR", "MULTI", "RESET"})
"""After these the connection is in another mode."""

_MONITORED = re.compile(r"\d+\.\d+ \[")


@dataclass(eq=False, slots=True)
class Turn:
    """A command that waits for its reply. ``owed``: how many are still to come; -1 where only its turn will tell.

    ``fault``: what is to be done to the reply. ``ours``: the error that the client gets from us; in place of the
    server's reply where it was ``asked``. ``many``: these are several, and only counted.
    """

    command: RedisCommand
    owed: int = 1
    fault: Held | Dropped | None = None
    ours: str = ""
    asked: bool = True
    many: bool = False


class Dialogue:
    """The commands of one connection that wait, in order, and the mode it is in.

    What cannot be paired raises NotRespError: from there on nobody can say who is answered.
    """

    def __init__(self, connection: int, notes: Notes) -> None:
        self.connection = connection
        self.notes = notes
        self.in_multi = False
        self.spoilt = False  # a command of this transaction had an error from us
        self._turns: deque[Turn] = deque()
        self._queued: list[RedisCommand] = []
        self._subscriptions = Subscriptions()
        self.skips = False  # the server sends no reply to the next command: CLIENT REPLY SKIP
        self._silent = False  # nor to any: CLIENT REPLY OFF
        self._monitors = False
        self._resp3 = False

    @property
    def next(self) -> Turn | None:
        """Whose turn it is to be answered."""
        return self._turns[0] if self._turns else None

    @property
    def wide(self) -> int:
        """How many elements of the next reply matter."""
        executes = self._queued and self._turns and self._turns[0].command.name == "EXEC"
        return max(WIDE, len(self._queued)) if executes else WIDE

    def note(self, asking: Asking) -> RedisCommand:
        """Note a command that has come."""
        return self.notes.came(self.connection, asking.beginning, asking.count, in_multi=self.in_multi)

    def asks(self, command: RedisCommand, arguments: int) -> Turn | None:
        """Take a command that goes to the server; None where it is owed no reply.

        NotRespError where what comes back cannot be told apart: in replication, and where a transaction subscribes.
        """
        name = command.name
        if name in ("SYNC", "PSYNC") or (command.in_multi and (name in SUBSCRIBES or name == "CLIENT REPLY")):
            raise NotRespError(f"what comes back after {name} is no dialogue")
        wanted = self._is_wanted(command)
        if name in ("DISCARD", "EXEC", "MULTI", "RESET"):
            self.in_multi = name == "MULTI"
            self.spoilt = False
        return self._waits(command, arguments) if wanted else None

    def refuses(self, command: RedisCommand, error: str) -> None:
        """Take a command that never goes to the server; the client is owed this error."""
        self.notes.answered(command, RespError(error))
        self.spoilt = self.spoilt or command.in_multi
        if not self._silent and not self.skips:
            self._turns.append(Turn(command, ours=error, asked=False))
        self.skips = False

    def ours(self) -> list[bytes]:
        """Take the errors that are due now, all before them having their replies."""
        due = []
        while self._turns and not self._turns[0].asked:
            due.append(wire(self._turns.popleft().ours))
        return due

    def answered(self, reply: Reply) -> Turn | None:
        """Take a whole reply: whose it is, the last one if they are owed no more; None if it was said unasked."""
        if self._is_unasked(reply):
            return None
        turn = self.next
        if turn is None or not turn.asked:
            raise NotRespError("a reply that nobody asked for")
        name = turn.command.name
        if name in SUBSCRIBES:
            if isinstance(reply.value, RespError):
                turn.owed = 1
            elif turn.owed < 0:
                turn.owed = self._subscriptions.owed(name)
            self._subscriptions.confirm(reply.value)
        turn.owed -= 1
        if not turn.owed:
            self._turns.popleft()
            self._conclude(turn, reply)
        return turn

    def ends(self, status: str) -> None:
        """Say of all that wait that no answer will be seen: "lost" or "opaque"."""
        for turn in self._turns:
            if turn.asked and not turn.many:
                self.notes.became(turn.command, status)
        self._turns.clear()
        self._drop_queue(status)

    def gives_up(self, why: str) -> None:
        """Note that nothing more can be read here."""
        self.ends("opaque")
        self.notes.opaque(self.connection, why)

    def _is_wanted(self, command: RedisCommand) -> bool:
        """Whether the client wants a reply to it."""
        mode = command.arguments[0].upper() if command.name == "CLIENT REPLY" and command.arguments else ""
        if mode == "ON" or command.name == "RESET":
            self._silent = self.skips = False
        self._silent = self._silent or mode == "OFF"
        wanted = not (self._silent or self.skips or mode == "SKIP")
        self.skips = mode == "SKIP" and not self._silent
        if not wanted:
            self.notes.became(command, "silent")
        return wanted

    def _waits(self, command: RedisCommand, arguments: int) -> Turn:
        subscribes = command.name in SUBSCRIBES
        if len(self._turns) >= WAITING and not (subscribes or command.in_multi or command.name in _CHANGES):
            return self._waits_uncounted(command)
        turn = Turn(command, (arguments or -1) if subscribes else 1)
        self._turns.append(turn)
        return turn

    def _waits_uncounted(self, command: RedisCommand) -> Turn:
        self.notes.became(command, "opaque", "too many were waiting")
        if self._turns[-1].many:
            self._turns[-1].owed += 1
        else:
            self._turns.append(Turn(command, many=True))
        return self._turns[-1]

    def _is_unasked(self, reply: Reply) -> bool:
        value = reply.value
        if reply.kind == b">" or (reply.kind == b"*" and self._subscriptions and not self._resp3):
            if self._turns and confirms(self._turns[0].command.name, value):
                return False
            if reply.kind == b">" or is_message(value):
                self._subscriptions.confirm(value)
                return True
        return self._monitors and reply.kind == b"+" and _MONITORED.match(str(value)) is not None

    def _conclude(self, turn: Turn, reply: Reply) -> None:
        """Note what a command was answered, and enter the mode it leads to."""
        if turn.many:
            return
        command, value = turn.command, RespError(turn.ours) if turn.ours else reply.value
        if command.in_multi and reply.kind == b"+" and value == "QUEUED":
            self.notes.became(command, "queued")
            self._queued += [command][: QUEUE - len(self._queued)]
        elif command.name == "EXEC":
            self._executed(command, value, reply.length)
        else:
            self.notes.answered(command, value)
            if command.name in _CHANGES and not isinstance(value, RespError):
                self._enters(command.name, reply)

    def _executed(self, command: RedisCommand, value: Value, length: int) -> None:
        if not isinstance(value, list):
            self.notes.answered(command, value)
            self._drop_queue("discarded", "a watched key had changed" if value is None else str(value))
            return
        self.notes.answered(command, f"{length} replies")
        for one, outcome in zip(self._queued, value, strict=False):
            self.notes.answered(one, outcome)
        self._queued = []

    def _enters(self, name: str, reply: Reply) -> None:
        if name in ("DISCARD", "RESET"):
            self._drop_queue("discarded", name)
        if name in ("HELLO", "RESET"):
            self._resp3 = reply.kind == b"%"
        if name in ("MONITOR", "RESET"):
            self._monitors = name == "MONITOR"
        if name == "RESET":
            self._subscriptions.clear()

    def _drop_queue(self, status: str, why: str = "") -> None:
        for command in self._queued:
            self.notes.became(command, status, why)
        self._queued = []


def wire(error: str) -> bytes:
    """Return an error reply as it is sent."""
    return f"-{error}\r\n".encode()
