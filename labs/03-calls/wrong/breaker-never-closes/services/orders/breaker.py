"""A circuit breaker: who has not answered five times in a row is left alone for a while.

That spares two: the caller a wait that has no hope, and the neighbour a crowd while it tries to get up.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class Open(Exception):  # noqa: N818  (the word of the field)
    """Nobody calls at the moment."""


class Breaker:
    """Closed, it lets every call through. After ``failures`` in a row it is open: nobody calls. A success closes it.

    ``counts`` is what a failed call raises; whatever else a call raises says nothing about the neighbour.
    """

    def __init__(self, *, failures: int, counts: type[Exception]) -> None:
        self._most, self._counts = failures, counts
        self._failed = 0  # in a row
        self._open = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Let a call through, and learn from how it ends. Raises Open when it may not be made."""
        if self._open:
            raise Open("is left alone for a while")
        try:
            yield
        except self._counts:
            self._failed += 1
            self._open = self._failed >= self._most
            raise
        else:
            self._failed = 0
            self._open = False
