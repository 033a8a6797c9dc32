"""Ports handed out by the system, and kept while a service that was told its port comes and goes."""

from __future__ import annotations

import os
import socket
import sys
import weakref

__all__ = ["KEEPS", "ReservedPort"]

KEEPS = sys.platform == "linux"
"""Whether a service can listen on a port that we stay bound to: both use SO_REUSEADDR and only one listens."""


class ReservedPort:
    """A free port of 127.0.0.1. While it is kept, the system gives it to nobody who asks for any, and refuses who connects.

    A service that does not set SO_REUSEADDR finds it in use: ``let_go`` first, and be quick.
    """

    def __init__(self) -> None:
        with socket.socket() as reserved:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind(("127.0.0.1", 0))
            self.number: int = reserved.getsockname()[1]
            self.let_go = weakref.finalize(self, os.close, reserved.detach())

    @property
    def kept(self) -> bool:
        """Whether it is still ours."""
        return self.let_go.alive
