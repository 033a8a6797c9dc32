"""Executors: who judges, and how many at a time. What comes of it is the same whoever does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from checker.grader.judging.work import Work
from checker.grader.model import Judgement
from checker.grader.sandbox.capabilities import KINDS, Capabilities

__all__ = ["Begun", "Executor"]

Begun = Callable[[Work], object]


class Executor(Protocol):
    """A context manager: when it ends, so does all that it started.

    Works and judgements are plain values, and can be sent elsewhere.
    """

    @property
    def words(self) -> str:
        """What it is, for people and for the note of a run: "local, 2 workers"."""

    def look(self, kinds: Sequence[str] = KINDS) -> Capabilities:
        """See what kinds of sandboxes can be made where works are judged: everywhere there."""

    def run(self, works: Iterable[Work], begun: Begun) -> Iterator[Judgement]:
        """Judge works, and yield what they come to in the order in which that is known.

        A work is taken when somebody is free to judge it, and not before; ``begun`` hears of it. Both are called by whoever
        takes the judgements. Each work comes to one judgement, whatever happens.
        """

    def cancel(self) -> None:
        """Stop what runs, from any thread: it comes to a judgement that says so. Works that are still to come do the same."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
