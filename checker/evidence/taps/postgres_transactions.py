"""Transactions as the server's answers tell them: which were committed, which were not."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Transactions"]


class Transactions:
    """One connection's. ``committed`` and ``rolled_back`` are called once for each transaction that ends.

    A statement outside of a transaction block is a transaction of its own; so are several in one pipeline.
    """

    def __init__(self, committed: Callable[[], None], rolled_back: Callable[[], None]) -> None:
        self._committed = committed
        self._rolled_back = rolled_back
        self.block = False  # inside BEGIN … COMMIT
        self.failing = False  # the transaction has failed, and nothing more is done in it
        self._alone = False  # something was done outside of a block, and waits for the end of its cycle
        self._broken = False  # and something failed there

    def done(self, tag: str, verb: str) -> None:
        """Take a command tag; ``verb`` tells ROLLBACK from ROLLBACK TO."""
        if tag in ("BEGIN", "START TRANSACTION"):
            self.block, self._alone = True, False
        elif tag == "COMMIT" and (self.block or self._alone):
            self._ends(self._committed)
        elif tag == "ROLLBACK" and verb == "ROLLBACK TO":
            self.failing = False
        elif tag == "ROLLBACK" and (self.block or self._alone):
            self._ends(self._rolled_back)
        elif tag == "PREPARE TRANSACTION":
            self.block = self._alone = False
        elif tag and not self.block:
            self._alone = True

    def failed(self) -> None:
        """Take an error."""
        self.failing = True
        self._broken = not self.block

    def ready(self, state: str) -> None:
        """Take what ReadyForQuery says: the server's word is the last one."""
        if state == "I" and (self.block or self._broken):
            self._ends(self._rolled_back)
        elif state == "I" and self._alone:
            self._ends(self._committed)
        self.block, self.failing = state != "I", state == "E"
        self._alone = self._broken = False

    def lost(self, *, unknown: bool) -> None:
        """Take the end of the connection: an open transaction is rolled back, unless its end was under way."""
        if self.block and not unknown:
            self._ends(self._rolled_back)

    def _ends(self, count: Callable[[], None]) -> None:
        count()
        self.block = self._alone = self._broken = self.failing = False
