"""The way from a Redis server to its client: each reply is noted before it goes back, if it goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.evidence.connection import MOST
from checker.evidence.taps.redis_dialogue import wire
from checker.evidence.taps.redis_reply import Reply
from checker.evidence.taps.redis_wire import NotRespError

if TYPE_CHECKING:
    from checker.evidence.taps.orders import Dropped, Held
    from checker.evidence.taps.redis_link import RedisLink

__all__ = ["Replies"]


class Replies:
    """Replies on their way back. They go on as they come, but for one that a fault is waiting for: that is kept whole."""

    def __init__(self, link: RedisLink) -> None:
        self.held = False
        self._link = link
        self._reply: Reply | None = None
        self._withheld = bytearray()  # a reply that may not go back as it is
        self._later = bytearray()  # what came while one was held
        self._out: list[bytes] = []

    def take(self, data: bytes) -> None:
        """Take what came from the server."""
        at = 0
        try:
            while at < len(data) and not self.held:
                self._reply = self._reply or Reply(self._link.dialogue.wide)
                start, at = at, self._reply.feed(data, at)
                self._take(self._reply, data[start:at])
        except NotRespError as error:
            self._link.gives_up(str(error))
            self._link.front.write(data[at:])
        else:
            self._later += data[at:]
            self._flush()

    def give_all(self) -> None:
        """Hand on all there is, whatever it is."""
        self._out += [bytes(self._withheld), bytes(self._later)]
        self._withheld.clear()
        self._later.clear()
        self._flush()

    def speak(self) -> None:
        """Say what we have to say ourselves, if it is our turn."""
        if not self.held and self._reply is None:
            self._out += self._link.dialogue.ours()
            self._flush()

    def _take(self, reply: Reply, piece: bytes) -> None:
        turn = self._link.dialogue.next
        if turn is None or not (turn.fault or turn.ours):
            self._out.append(piece)
        else:
            self._withheld += piece
        if reply.complete:
            self._reply = None
            self._answered(reply)
        elif turn is not None and turn.fault and len(self._withheld) > MOST:
            fault, turn.fault = turn.fault, None
            self._meet(fault)

    def _answered(self, reply: Reply) -> None:
        turn = self._link.dialogue.answered(reply)
        if turn is not None and turn.owed:
            return
        if turn is not None and turn.ours:
            self._withheld[:] = wire(turn.ours)
        if turn is not None and turn.fault is not None and turn.fault in self._link.tap.faults:
            self._meet(turn.fault)
        else:
            self._hand_back()
        if not self.held:
            self._out += self._link.dialogue.ours()

    def _meet(self, fault: Held | Dropped) -> None:
        self._flush()
        self.held = True
        self._link.back.pause("held")
        fault.here(self._go, self._link.front.close)

    def _go(self) -> None:
        """Let the reply go on that is held, and all that came after it."""
        if self._link.opaque:
            return
        self.held = False
        later = bytes(self._later)
        self._later.clear()
        self._hand_back()
        self.speak()
        self._link.answered(later)
        self._link.back.resume("held")
        if self._link.back.ended:
            self._link.front.finish()

    def _hand_back(self) -> None:
        if self._withheld:
            self._out.append(bytes(self._withheld))
            self._withheld.clear()

    def _flush(self) -> None:
        if self._out:
            self._link.front.write(self._out[0] if len(self._out) == 1 else b"".join(self._out))
            self._out.clear()
