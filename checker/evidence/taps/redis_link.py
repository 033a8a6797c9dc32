"""One client's connection to a Redis server, led through a tap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.evidence.taps.link import Link, Side
from checker.evidence.taps.redis_dialogue import Dialogue
from checker.evidence.taps.redis_replies import Replies
from checker.evidence.taps.redis_requests import Requests

if TYPE_CHECKING:
    from checker.evidence.taps.redis import RedisTap

__all__ = ["RedisLink"]


class RedisLink(Link):
    """Commands go one way, replies the other; ``dialogue`` tells which belong together.

    ``opaque``: from here on bytes pass as they are, because they are no RESP or because the connection is over.
    """

    tap: RedisTap
    opaque = False

    def __init__(self, tap: RedisTap, number: int) -> None:
        super().__init__(tap, number)
        self.dialogue = Dialogue(number, tap.notes)
        self.requests = Requests(self)
        self.replies = Replies(self)

    def heard(self, data: bytes) -> None:
        """Take bytes of the client."""
        self.back.write(data) if self.opaque else self.requests.take(data)

    def answered(self, data: bytes) -> None:
        """Take bytes of the server."""
        self.front.write(data) if self.opaque else self.replies.take(data)

    def gives_up(self, why: str) -> None:
        """Let both directions pass from now on, what was kept of them first."""
        self.opaque = True
        self.dialogue.gives_up(why)
        self.requests.give_all()
        self.replies.give_all()

    def ended(self, side: Side) -> None:
        """Pass an end on, behind what came before it. The client of a command that is held has gone: it goes nowhere."""
        if side is self.back:
            if not self.replies.held:
                super().ended(side)
        elif self.requests.held is not None:
            self.requests.lost()
        else:
            self.requests.give_all()
            super().ended(side)

    def over(self) -> None:
        """Say of what still waits that its answer is lost."""
        self.opaque = True
        self.requests.lost()
        self.dialogue.ends("lost")
