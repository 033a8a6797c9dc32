"""A circuit breaker: who has not answered five times in a row is left alone for a while.

That spares two: the caller a wait that has no hope, and the neighbour a crowd while it tries to get up.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class Open(Exception):  # noqa: N818  (the word of the field)
    """Nobody calls at the moment."""


class Breaker:
    """Closed, it lets every call through. After ``failures`` in a row it is open for ``reset`` seconds: nobody calls.

    Then one may try, one at a time, and the first success closes it. ``counts`` is what a failed call raises; whatever
    else a call raises says nothing about the neighbour.
    """

    def __init__(self, *, failures: int, reset: float, counts: type[Exception]) -> None:
        self._most, self._reset, self._counts = failures, reset, counts

    @contextmanager
    def call(self) -> Iterator[None]:
        """Let a call through, and learn from how it ends. Raises Open when it may not be made."""
        # Your turn: tests/test_breaker.py says when nobody calls, and who may try. Nobody is held back yet.
        yield
