"""Slots: numbers that keep sandboxes which are open at once apart, whoever opened them: their users, their containers.

A slot is an abstract socket name (unix(7)). There is no file that somebody else could have put there first, every user of the
machine sees the same names, and the kernel lets go of one when the last process that holds it is gone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from checker.errors import N_, EngineFault

__all__ = ["MOST", "is_free", "take"]

MOST = 4096
NAME = "seamwork-slot"


@contextmanager
def take(most: int = MOST, *, name: str = NAME) -> Iterator[int]:
    """Hold the lowest number that nobody else on this machine has, below ``most``. Called before a sandbox is entered.

    Few are ever used: what is prepared for the users of a slot is found again. Raises EngineFault where all are taken.
    """
    for slot in range(most):
        with socket.socket(socket.AF_UNIX) as sock:
            if _bound(sock, name, slot):
                yield slot
                return
    raise EngineFault(
        N_("All {most} slots for sandboxes on this machine are taken."),
        N_("Wait for another run to end."),
        most=most,
    )


def is_free(slot: int) -> bool:
    """Whether nobody holds that number: what bears it was left behind."""
    with socket.socket(socket.AF_UNIX) as sock:
        return _bound(sock, NAME, slot)


def _bound(sock: socket.socket, name: str, slot: int) -> bool:
    with suppress(OSError):
        sock.bind(f"\0{name}-{slot}")
        return True
    return False
