"""A circuit breaker: who has not answered five times in a row is left alone for a while.

That spares two: the caller a wait that has no hope, and the neighbour a crowd while it tries to get up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class Open(Exception):  # noqa: N818  (the word of the field)
    """Nobody calls at the moment."""


class Breaker:
    """Closed, it lets every call through. After ``failures`` in a row it is open for ``reset`` seconds: nobody calls.

    Then one may try, one at a time, and the first success closes it. ``counts`` is what a failed call raises; whatever
    else a call raises says nothing about the neighbour.
    """

    def __init__(self, *, failures: int, reset: float, counts: type[Exception]) -> None:
        self._most, self._reset, self._counts = failures, reset, counts
        self._failed = 0  # in a row
        self._again_at = 0.0
        self._trying = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Let a call through, and learn from how it ends. Raises Open when it may not be made."""
        trial = self._failed >= self._most
        if trial and (self._trying or monotonic() < self._again_at):
            raise Open("is left alone for a while")
        self._trying = self._trying or trial
        try:
            yield
        except self._counts:
            self._failed += 1
            self._again_at = monotonic() + self._reset
            raise
        else:
            self._failed = 0 if trial else self._failed
        finally:
            self._trying = self._trying and not trial
