"""What can be typed to break a service, and what it does: ``hangs``, ``delays 2``, ``answers 503``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checker.errors import N_, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.runtime.role import FaultOn, Role

__all__ = ["WAYS", "Break"]

WAYS = ("hangs", "resets", "refuses", "delays SECONDS", "answers STATUS", "drops-the-answer", "half-a-body")
"""The ways there are, as they are typed."""

LONGEST = 3600.0
LOWEST, HIGHEST = 200, 599


@dataclass(frozen=True)
class Break:
    """A way to break a service; ``only``: the k-th request from now alone, ``when``: those that begin so ("GET /users/")."""

    way: str
    number: float | None = None
    due: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, words: Sequence[str], *, only: int | None = None, when: str = "") -> Break:
        """Read what was typed: ``["delays", "2"]``. Raises UsageError that lists the ways."""
        way, *rest = words or ("",)
        way = way.replace("_", "-").removeprefix("sends-")
        if way not in _SWITCHES or len(rest) != (way in _NUMBERS):
            raise _no_such_way(" ".join(words))
        due = {name: value for name, value in {"only": only, "when": when}.items() if value}
        if way == "refuses" and due:
            raise UsageError(
                N_("A service that refuses connections refuses all of them: {given} cannot be said."),
                N_("Take resets, which tears down single requests."),
                given=", ".join(f"--{name}" for name in due),
            )
        return cls(way, _number(way, rest[0]) if rest else None, due)

    def switch_on(self, role: Role) -> FaultOn:
        """Switch it on, on every edge into the role."""
        return _SWITCHES[self.way](role, self.number, dict(self.due))


_SWITCHES: Mapping[str, Callable[[Role, Any, dict[str, Any]], FaultOn]] = {
    "hangs": lambda role, _, due: role.hangs(**due),
    "resets": lambda role, _, due: role.resets(**due),
    "refuses": lambda role, _number, _due: role.refuses(),
    "delays": lambda role, seconds, due: role.delays(seconds, **due),
    "answers": lambda role, status, due: role.answers(int(status), **due),
    "drops-the-answer": lambda role, _, due: role.drops_the_answer(**due),
    "half-a-body": lambda role, _, due: role.sends_half_a_body(**due),
}
_NUMBERS = {"delays": (0.0, LONGEST), "answers": (LOWEST, HIGHEST)}


def _number(way: str, text: str) -> float:
    least, most = _NUMBERS[way]
    try:
        number = float(text.removesuffix("s"))
    except ValueError:
        number = -1.0
    if not least <= number <= most or (way == "answers" and number != int(number)):
        raise UsageError(
            N_("{way} needs a number from {least:g} to {most:g}, not {found!r}."),
            N_("For example: seamwork break users {example}"),
            way=way,
            least=least,
            most=most,
            found=text,
            example="delays 2" if way == "delays" else "answers 503",
        )
    return number


def _no_such_way(found: str) -> UsageError:
    return UsageError(
        N_("A service cannot be broken by {found!r}."),
        N_("It can be broken by: {ways}. For example: seamwork break users hangs"),
        found=found,
        ways=", ".join(WAYS),
    )
