"""What a tap has been told to do, and whether it got to do it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.evidence.taps.base import Tap

__all__ = ["Dropped", "Held", "TapFault"]


def _anything(_: Any) -> bool:
    return True


@dataclass(eq=False)
class TapFault:
    """A fault that is on. ``met``: how often it has acted; a check whose fault is ``unmet`` has shown nothing.

    ``wants``: whether something (a statement, a command) is of its kind. ``only``: it acts on the k-th of these from now
    on, 1 being the first; on all of them where that is None. ``countable``: whether ``met`` can tell.
    """

    what: str  # "holds COMMIT"
    source: Tap = field(repr=False)
    wants: Callable[[Any], bool] = field(default=_anything, repr=False)
    only: int | None = None
    after: bool = False  # it acts on the answer, not on the request
    countable: bool = True
    met: int = 0
    _seen: int = 0

    @property
    def caller(self) -> str:
        """Whose connections it is on."""
        return self.source.caller

    @property
    def callee(self) -> str:
        """The server behind."""
        return self.source.callee

    @property
    def unmet(self) -> bool:
        """Whether it has acted on nothing, as far as that can be told: then it proves nothing."""
        return self.met == 0 and self.countable

    def end(self) -> None:
        """End this one alone, as ``heals()`` ends all. Doing so twice changes nothing."""
        self.source.ends(self)

    def sees(self, thing: Any) -> bool:
        """Count, in the loop, what is of its kind; whether this is the one to act on."""
        if not self.countable or not self.wants(thing):
            return False
        self._seen += 1
        return self.only is None or self._seen == self.only

    def ended(self) -> None:
        """Let go, in the loop, what it may have kept."""


@dataclass(eq=False)
class Held(TapFault):
    """Holds one request, or its answer, until ``release()``, ``drop()`` or the end of the fault."""

    _there: threading.Event = field(default_factory=threading.Event, repr=False)
    _go: Callable[[], None] | None = field(default=None, repr=False)
    _cut: Callable[[], None] | None = field(default=None, repr=False)
    _over: bool = False

    @property
    def arrived(self) -> bool:
        """Whether something has come and was held; it stays so."""
        return self._there.is_set()

    def wait(self, within: float) -> bool:
        """Wait until something is held; False if that takes longer than ``within`` seconds."""
        return self._there.wait(within)

    def release(self) -> None:
        """Let it go on. Whatever comes later is not held."""
        self.source.loop.run(self._let_go("_go"))

    def drop(self) -> None:
        """Cut the client's connection: what is held never arrives. Whatever comes later is not held."""
        self.source.loop.run(self._let_go("_cut"))

    def here(self, go: Callable[[], None], cut: Callable[[], None]) -> None:
        """Say, in the loop, that something is held, and how it goes on or is cut."""
        if self._over:
            go()
            return
        self._go, self._cut = go, cut
        self.met += 1
        self._there.set()

    def sees(self, thing: Any) -> bool:
        """Count what is of its kind, as long as it is on."""
        return not self._over and super().sees(thing)

    def ended(self) -> None:
        """Let go what is held."""
        self._ends("_go")

    async def _let_go(self, how: str) -> None:
        self._ends(how)

    def _ends(self, how: str) -> None:
        act = getattr(self, how)
        self._over, self._go, self._cut = True, None, None
        if act is not None:
            act()


@dataclass(eq=False)
class Dropped(TapFault):
    """Cuts the client's connection where it meets a request, or its answer."""

    def here(self, go: Callable[[], None], cut: Callable[[], None]) -> None:  # noqa: ARG002  (as a hold's)
        """Cut it, in the loop."""
        self.met += 1
        cut()
