"""What is done to a running system as a whole: start it anew on what it has, and gather what was seen in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from checker.errors import SeamworkError
from checker.runtime.service import READY, Service

if TYPE_CHECKING:
    from checker.ledger import Exchange, Ledger
    from checker.runtime.system import System

__all__ = ["seen_since", "started_anew"]


def started_anew(system: System) -> dict[str, SeamworkError]:
    """Stop every process and start it again; return why those that play a role are not ready."""
    for service in system.services:
        service.stop_soon()
    roles = {role.service for role in system}
    with ThreadPoolExecutor(max_workers=len(system.services)) as pool:
        jobs = {service.name: pool.submit(_again, service, wait=service in roles) for service in system.services}
    errors = {name: job.exception() for name, job in jobs.items()}
    for error in errors.values():
        if error is not None and not isinstance(error, SeamworkError):
            raise error
    return {name: error for name, error in errors.items() if isinstance(error, SeamworkError)}


def _again(service: Service, *, wait: bool) -> None:
    service.stop()
    service.restart()
    if wait:
        service.await_ready(within=READY)


def seen_since(began: float, system: System, ledger: Ledger, service: str, asked: str) -> list[Exchange]:
    """Return your own request, and all that services asked of each other since; also what still waits for a reply."""
    noted = ledger.exchanges(since=began)
    ours = [e for e in noted if (e.caller, e.callee, e.request) == ("you", service, asked)][:1]
    others = [e for e in noted if e.caller != "you"]
    edges = [edge for role in system for edge in role.edges.values()]
    waiting = [e for edge in edges for e in edge.calls if e.at >= began and e.status is None and e not in others]
    return sorted([*ours, *others, *waiting], key=lambda exchange: exchange.at)
