"""Ports are handed out by the system; whoever is taken by surprise between asking and listening asks again."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, TypeVar

from checker.errors import N_, EngineFault

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LOOPBACK", "PortTaken", "free_port", "on_a_free_port"]

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
ATTEMPTS = 5


class PortTaken(Exception):  # noqa: N818  (never leaves this package)
    """A server found its port in use."""


def free_port() -> int:
    """Return a port nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def on_a_free_port(start: Callable[[int], T], *, ports: Callable[[], int] = free_port) -> T:
    """Return ``start(port)`` for the first port that was free. Raises EngineFault after five that were taken."""
    tried = []
    for _ in range(ATTEMPTS):
        tried.append(ports())
        try:
            return start(tried[-1])
        except PortTaken:
            continue
    raise EngineFault(
        N_("Each of the ports {ports} was taken by someone else before a server could listen on it."),
        N_("Run it again; if it comes back, see who takes them: ss -tlnp."),
        ports=", ".join(map(str, tried)),
    )
