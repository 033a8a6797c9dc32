"""The faults that can be switched on where a caller meets a callee, in the words of those who write checks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from checker.errors import N_, Blocked
from checker.evidence.answer import Answer, problem
from checker.wait import until

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from checker.evidence.loop import Loop
    from checker.ledger import Ledger

__all__ = ["Act", "Due", "Faults", "Hold", "LiveFault"]

GARBAGE = b"\x16\x03\x01\x00\xff\x00not what was asked for\xfe\xff\r\n\r\n"


class Act(Enum):
    """What is done to a request."""

    HANG = auto()
    RESET = auto()
    DELAY = auto()
    ANSWER = auto()
    RAW = auto()
    HOLD = auto()
    DROP = auto()
    HALVE = auto()
    REFUSE = auto()


class Due(TypedDict, total=False):
    """Which requests a fault is for; all, if nothing is said.

    ``when``: a method, the start of a target, or both ("POST", "/users", "GET /users/").
    ``only``, ``calls``: the k-th such request from now, or several of them; the first is 1.
    """

    when: str
    only: int
    calls: Collection[int]


@dataclass(eq=False)
class LiveFault:
    """A fault that is on. ``met``: how many requests it has acted on; see ``unmet``.

    Where connections are refused nobody can count who tried; there ``met`` counts the connections it cut.
    """

    what: str  # "hangs", "answers 503"
    act: Act
    source: Faults = field(repr=False)
    when: str = ""
    calls: Collection[int] = ()
    seconds: float = 0.0
    answer: Answer = field(default_factory=Answer)
    met: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _seen: int = 0

    @property
    def caller(self) -> str:
        """Who calls on the edge it is on."""
        return self.source.caller

    @property
    def callee(self) -> str:
        """Who is called on the edge it is on."""
        return self.source.callee

    @property
    def unmet(self) -> bool:
        """Whether no request has met it, as far as that can be told: then it proves nothing."""
        return self.met == 0 and self.countable

    @property
    def countable(self) -> bool:
        """Whether ``met`` counts requests."""
        return self.act is not Act.REFUSE

    @property
    def lasting(self) -> bool:
        """Whether it is for whatever comes, rather than for some requests."""
        return not self.when and not self.calls

    def end(self) -> None:
        """End this one alone, as ``heals()`` ends all. Doing so twice changes nothing."""
        self.source.ends(self)

    def sees(self, request: str) -> bool:
        """Count a request ("GET /users/7") if it is one of its kind; whether it is the one to act on."""
        if self.act is Act.REFUSE or not self._is_for(request):
            return False
        self._seen += 1
        return not self.calls or self._seen in self.calls

    def _is_for(self, request: str) -> bool:
        if not self.when:
            return True
        method, _, target = request.partition(" ")
        wanted, _, start = self.when.rpartition(" ") if "/" in self.when else (self.when, "", "")
        return (not wanted or wanted.upper() == method) and target.startswith(start)


class Hold(LiveFault):
    """Requests wait here until ``release()``, or until so many have arrived."""

    until_arrived: int | None = None

    def release(self) -> None:
        """Let those who wait go on, and all that come later."""
        self.source.loop.run(_set(self.ended))

    def waits_for(self, arrived: int, *, within: float) -> None:
        """Wait until so many requests have arrived; Blocked if that takes longer than ``within`` seconds."""
        if not until(lambda: self.met >= arrived, within=within):
            raise Blocked(
                N_("{wanted} requests were to be held, and {met} arrived within {within} s."),
                wanted=arrived,
                met=self.met,
                within=within,
            )

    def arrived(self) -> None:
        """Note one more, in the loop: the last one opens the gate."""
        if self.until_arrived is not None and self.met >= self.until_arrived:
            self.ended.set()


class Faults:
    """Switch faults on and off. The newest that is for a request acts on it; each counts for itself.

    ``hangs()``, ``answers(503, when="GET /users/", only=2)``, …: see ``Due`` for what can be said about which requests.
    """

    caller: str
    callee: str
    ledger: Ledger
    loop: Loop
    closed = False
    _faults: tuple[LiveFault, ...] = ()

    def hangs(self, **due: Unpack[Due]) -> LiveFault:
        """Take requests and never answer, until it heals: then their connections are closed."""
        return self._on(LiveFault("hangs", Act.HANG, self, **_which(due)))

    def resets(self, **due: Unpack[Due]) -> LiveFault:
        """Reset the connection (RST) instead of an answer."""
        return self._on(LiveFault("resets", Act.RESET, self, **_which(due)))

    def delays(self, seconds: float, **due: Unpack[Due]) -> LiveFault:
        """Wait so many seconds before the request goes on; less if it heals before."""
        return self._on(LiveFault(f"delays {seconds:g} s", Act.DELAY, self, seconds=seconds, **_which(due)))

    def answers(
        self, status: int, body: Any = None, headers: Mapping[str, str] | None = None, **due: Unpack[Due]
    ) -> LiveFault:
        """Answer in the callee's place: a problem (RFC 9457) if no body is given; text, bytes, or else JSON."""
        answer = problem(status, headers=headers) if body is None else Answer.of(status, body, headers)
        return self._on(LiveFault(f"answers {status}", Act.ANSWER, self, answer=answer, **_which(due)))

    def drops_the_answer(self, **due: Unpack[Due]) -> LiveFault:
        """Let the callee do its work, then close the connection without the reply."""
        return self._on(LiveFault("drops the answer", Act.DROP, self, **_which(due)))

    def sends_half_a_body(self, **due: Unpack[Due]) -> LiveFault:
        """Let the callee answer, pass on half of the body, and close the connection."""
        return self._on(LiveFault("sends half a body", Act.HALVE, self, **_which(due)))

    def sends_garbage(self, **due: Unpack[Due]) -> LiveFault:
        """Answer with bytes that are no HTTP, and close the connection."""
        return self._on(LiveFault("sends garbage", Act.RAW, self, answer=Answer(body=GARBAGE), **_which(due)))

    def answers_raw(self, raw: bytes, **due: Unpack[Due]) -> LiveFault:
        """Answer with exactly these bytes, and close the connection."""
        return self._on(LiveFault("answers raw bytes", Act.RAW, self, answer=Answer(body=raw), **_which(due)))

    def hold(self, n: int | None = None, **due: Unpack[Due]) -> Hold:
        """Hold requests until ``release()`` or, if ``n`` is given, until n of them have arrived."""
        held = Hold("holds", Act.HOLD, self, **_which(due))
        held.until_arrived = n
        self._on(held)
        return held

    def refuses(self) -> LiveFault:
        """Stop listening, and cut every connection there is; the port stays ours."""
        fault = LiveFault("refuses", Act.REFUSE, self)
        fault.met = self.loop.run(self._refuse())
        return self._on(fault)

    def heals(self) -> None:
        """End every fault. Who hangs is cut off, who was delayed or held goes on."""
        self._end(self._faults)

    def ends(self, fault: LiveFault) -> None:
        """End one fault, if it is still on."""
        self._end(tuple(one for one in self._faults if one is fault))

    def faulted(self, request: str) -> LiveFault | None:
        """Return the fault that is due for a request ("GET /users/7"), counted. Called once for each, in the loop."""
        due = [fault for fault in self._faults if fault.sees(request)]
        if not due:
            return None
        due[0].met += 1
        return due[0]

    def _on(self, fault: LiveFault) -> LiveFault:
        self._faults = (fault, *self._faults)
        self.ledger.fault(self.callee, fault.what)
        return fault

    def _end(self, faults: tuple[LiveFault, ...]) -> None:
        if faults and not self.closed:
            self.loop.run(self._heal(faults))
            self.ledger.fault(self.callee, "healed")

    async def _heal(self, faults: tuple[LiveFault, ...]) -> None:
        self._faults = tuple(fault for fault in self._faults if fault not in faults)
        for fault in faults:
            fault.ended.set()
        if not any(fault.act is Act.REFUSE for fault in self._faults):
            await self._listen()

    async def _refuse(self) -> int:
        raise NotImplementedError

    async def _listen(self) -> None:
        raise NotImplementedError


def _which(due: Due) -> Any:
    """Return the fields of a fault that say which requests it is for."""
    calls = frozenset({due["only"]} if "only" in due else due.get("calls", ()))
    return {"when": due.get("when", ""), "calls": calls}


async def _set(event: asyncio.Event) -> None:
    event.set()
