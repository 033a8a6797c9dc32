"""What is said about the shop that is up, as plain values that pass through a socket as JSON and come back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from checker import errors
from checker.errors import N_, EngineFault, SeamworkError, ServiceFailed
from checker.ledger import Exchange
from checker.outcome import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Answered", "FaultNow", "LogLines", "Rows", "ServiceNow", "State", "error_from", "error_to"]

_STUMBLED = N_("This is our fault, not yours: {kind}: {said}")
_REPORT = N_("Please report it, with runs/up/supervisor.log.")


@dataclass(frozen=True)
class ServiceNow:
    """A service: the address you reach it at, whether it is ready, and what is the matter if it is not."""

    name: str
    url: str  # http://127.0.0.1:8000, where your own calls are recorded as well
    ready: bool
    trouble: Message | None = None


@dataclass(frozen=True)
class FaultNow:
    """A fault that is on, and how many requests have met it."""

    callee: str
    what: str  # "hangs"
    callers: Sequence[str]
    met: int


@dataclass(frozen=True)
class State:
    """The whole shop. ``since``: ISO 8601, UTC; ``helpers``: processes beside the services."""

    workspace: str
    lab: str  # "01-boundaries"
    since: str
    pid: int
    services: Sequence[ServiceNow]
    helpers: Sequence[str] = ()
    faults: Sequence[FaultNow] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    reloads: bool = True
    restarts: int = 0

    @property
    def page(self) -> str:
        """The address to open: the first service's."""
        return f"{self.services[0].url}/"

    @property
    def ready(self) -> bool:
        """Whether every service is."""
        return all(service.ready for service in self.services)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Build it from its plain form."""
        services = [_service(each) for each in plain["services"]]
        return cls(**{**plain, "services": services, "faults": [FaultNow(**each) for each in plain["faults"]]})

    def as_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {**asdict(self), "services": [{**asdict(each)} for each in self.services]}


@dataclass(frozen=True)
class Answered:
    """What a request came to: a reply, or ``error`` (why there was none), and all that was seen on the wire meanwhile."""

    service: str
    asked: str  # "GET /orders/1"
    again: str  # a command line
    seconds: float
    wire: Sequence[Exchange]
    status: int | None = None
    content_type: str = ""
    body: str = ""
    error: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Build it from its plain form."""
        return cls(**{**plain, "wire": [Exchange(**each) for each in plain["wire"]]})

    def as_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {
            **{each.name: getattr(self, each.name) for each in fields(self)},
            "wire": [each.as_dict() for each in self.wire],
        }


@dataclass(frozen=True)
class LogLines:
    """Log lines as (process, text), and the place to read on from."""

    lines: Sequence[tuple[str, str]]
    upto: int


@dataclass(frozen=True)
class Rows:
    """What SQL came to. ``count``: how many rows there were, of which ``rows`` are the first; None is NULL.

    ``numbers``: by column, whether it is one. ``tag``: "INSERT 0 1". ``unfinished``: it left a transaction open.
    """

    columns: Sequence[str]
    numbers: Sequence[bool]
    rows: Sequence[Sequence[str | None]]
    count: int
    tag: str
    unfinished: bool = False

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Build it from its plain form."""
        return cls(**plain)

    def as_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return asdict(self)


def error_to(error: BaseException) -> dict[str, Any]:
    """Return the plain form of an error; what is not one of ours becomes an EngineFault that says what it was."""
    if not isinstance(error, SeamworkError):
        error = EngineFault(_STUMBLED, _REPORT, kind=type(error).__name__, said=str(error))
    values = {
        name: value if isinstance(value, (int, float, str, bool)) else str(value)
        for name, value in error.values.items()
    }
    kind = next(each.__name__ for each in type(error).__mro__ if each.__name__ in errors.__all__)
    return {"kind": kind, "message": error.message, "move": error.move, "values": values}


def error_from(plain: Mapping[str, Any]) -> SeamworkError:
    """Build an error from its plain form."""
    kind = getattr(errors, plain["kind"], EngineFault)
    values = dict(plain["values"])
    if kind is ServiceFailed:
        return ServiceFailed(plain["message"], plain["move"], **{"service": "?", **values})
    found: SeamworkError = kind(plain["message"], plain["move"], **values)
    return found


def _service(plain: Mapping[str, Any]) -> ServiceNow:
    trouble = plain["trouble"]
    return ServiceNow(**{**plain, "trouble": Message(**trouble) if trouble else None})
