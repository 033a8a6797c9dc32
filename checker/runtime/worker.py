"""A process beside a service, as a check sees it: a relay, a consumer. It has no port; it is killed, and started again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from checker.errors import N_, EngineFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.evidence import PostgresTap, RedisTap
    from checker.ledger import Ledger
    from checker.runtime.service import Service

__all__ = ["Line", "Worker"]

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """What one process is told, and what lies between it and its database, and between it and its broker."""

    told: Mapping[str, str] = field(default_factory=dict)
    tap: PostgresTap | None = None
    broker: RedisTap | None = None

    @property
    def taps(self) -> list[PostgresTap | RedisTap]:
        """All that lies in between."""
        return [tap for tap in (self.tap, self.broker) if tap is not None]

    def close(self) -> None:
        """Close them."""
        for tap in self.taps:
            tap.close()


class Worker:
    """One such process: ``orders-relay``. Its taps are its own: what is held there holds nobody else."""

    def __init__(self, service: Service, line: Line, ledger: Ledger) -> None:
        self.name = service.name
        self._service, self._line, self._ledger = service, line, ledger
        self._ended_by_us = False

    @property
    def tap(self) -> PostgresTap:
        """What lies between it and its database. Raises EngineFault where nothing does."""
        return _there(self._line.tap, self.name)

    @property
    def broker(self) -> RedisTap:
        """What lies between it and its broker. Raises EngineFault where nothing does."""
        return _there(self._line.broker, self.name)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._service.alive

    @property
    def died(self) -> bool:
        """Whether it has ended, and nobody asked it to."""
        return not self.alive and not self._ended_by_us

    @property
    def log(self) -> list[str]:
        """What it has written since this check began, line by line."""
        return [line.text for line in self._ledger.lines(self.name) if line.check == self._ledger.check]

    def kill(self) -> None:
        """SIGKILL it; it is gone when this returns."""
        self._ended_by_us = True
        self._service.kill()

    def stop(self) -> None:
        """SIGTERM it, and wait until it is gone."""
        self._ended_by_us = True
        self._service.stop()

    def start(self) -> None:
        """Start it again. Nothing happens when it lives."""
        self._ended_by_us = False
        self._service.restart()


def _there(tap: T | None, name: str) -> T:
    if tap is None:
        raise EngineFault(N_("Nothing is tapped there between {role} and what it uses."), role=name)
    return tap
