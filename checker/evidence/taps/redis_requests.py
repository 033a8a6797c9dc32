"""The way from a client to its Redis server: each command is noted, and meets the fault that is due."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from checker.evidence.connection import MOST
from checker.evidence.taps.redis_faults import Failed
from checker.evidence.taps.redis_wire import LINE, Asking, NotRespError

if TYPE_CHECKING:
    from checker.evidence.taps.orders import Dropped, Held
    from checker.evidence.taps.redis_link import RedisLink
    from checker.evidence.taps.redis_notes import RedisCommand

__all__ = ["Requests"]

PING = b"*1\r\n$4\r\nPING\r\n"
DISCARD = b"*1\r\n$7\r\nDISCARD\r\n"
ABORTED = "EXECABORT Transaction discarded because of previous errors."


class Requests:
    """Commands on their way. One goes on once it is whole or ``LINE`` bytes of it are there; the rest as it comes."""

    def __init__(self, link: RedisLink) -> None:
        self.held: RedisCommand | None = None  # it waits here, and what comes after it
        self._link = link
        self._asking = Asking()
        self._judged = False  # what comes of this command goes the way of its beginning:
        self._swallowed = False  # nowhere
        self._head = bytearray()  # the beginning of a command that was not judged yet, or is held
        self._later = bytearray()  # what came while one was held
        self._out: list[bytes] = []

    def take(self, data: bytes) -> None:
        """Take what came from the client."""
        at = 0
        try:
            while at < len(data) and self.held is None:
                start, at = at, self._asking.feed(data, at)
                self._take(data[start:at])
        except NotRespError as error:
            self._link.gives_up(str(error))
            self._link.back.write(data[at:])
        else:
            self._keep(data[at:])
            self._flush()

    def give_all(self) -> None:
        """Hand on all there is, whatever it is."""
        self._out += [bytes(self._head), bytes(self._later)]
        self._head.clear()
        self._later.clear()
        self._flush()

    def lost(self) -> None:
        """Say of the command that is held that it never arrives, and close the client's connection."""
        if self.held is not None:
            self._link.dialogue.notes.became(self.held, "lost")
        self._link.front.close()

    def _take(self, piece: bytes) -> None:
        if not self._judged:
            self._head += piece
            if self._asking.complete or len(self._head) >= LINE:
                self._judge()
        elif not self._swallowed:
            self._out.append(piece)
        if self._asking.complete:
            self._asking = Asking()
            self._judged = self._swallowed = False

    def _judge(self) -> None:
        self._judged = True
        if self._asking.words:
            self._meet(self._link.dialogue.note(self._asking), self._asking.count - 1)
        elif self._asking.complete:  # the server passes over it
            self._pass()
        else:
            raise NotRespError("a command whose name has no end")

    def _meet(self, command: RedisCommand, arguments: int) -> None:
        fault = self._link.tap.due(command)
        if isinstance(fault, Failed):
            self._fail(command, fault, arguments)
        elif fault is None or fault.after:
            self._ask(command, arguments, fault)
        else:
            self._flush()
            self.held = command
            fault.here(partial(self._go, command, arguments), self.lost)

    def _ask(self, command: RedisCommand, arguments: int, fault: Held | Dropped | None = None, error: str = "") -> None:
        """Hand it on. With an ``error`` the transaction it would execute is discarded, and the client told that."""
        dialogue = self._link.dialogue
        if command.name == "EXEC" and dialogue.spoilt:
            error = error or ABORTED
        turn = dialogue.asks(command, arguments)
        if turn is not None and not turn.many:
            turn.fault, turn.ours = fault, error
        if error:
            self._head[:] = DISCARD
        self._pass()

    def _fail(self, command: RedisCommand, fault: Failed, arguments: int) -> None:
        fault.met += 1
        if command.name == "EXEC" and self._link.dialogue.in_multi:
            self._ask(command, arguments, error=fault.error)
            return
        self._head[:] = (
            PING if self._link.dialogue.skips else b""
        )  # so that it skips the reply to this, not to the next
        self._pass()
        self._link.dialogue.refuses(command, fault.error)
        self._swallowed = True
        self._link.replies.speak()

    def _go(self, command: RedisCommand, arguments: int) -> None:
        """Let the one go on that is held, and all that came after it."""
        if self._link.opaque or command.status == "lost":
            return
        self.held = None
        later = bytes(self._later)
        self._later.clear()
        try:
            self._ask(command, arguments)
        except NotRespError as error:
            self._link.gives_up(str(error))
        self._link.heard(later)
        self._link.front.resume("held")

    def _keep(self, data: bytes) -> None:
        self._later += data
        if len(self._later) > MOST:
            self._link.front.pause("held")

    def _pass(self) -> None:
        self._out.append(bytes(self._head))
        self._head.clear()

    def _flush(self) -> None:
        if self._out:
            self._link.back.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()
