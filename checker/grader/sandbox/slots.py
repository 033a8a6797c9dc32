"""Slots: numbers that keep sandboxes which are open at once apart, whoever opened them: their users, their containers.

A slot is an abstract socket name (unix(7)). There is no file that somebody else could have put there first, every user of the
machine sees the same names, and the kernel lets go of one when the last process that holds it is gone.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from checker.errors import N_, EngineFault

__all__ = ["MOST", "take"]

MOST = 4096


@contextmanager
def take(most: int = MOST) -> Iterator[int]:
    """Hold a number below ``most`` that nobody else on this machine has. Called before a sandbox is entered.

    Where the search begins is drawn: what a slot was left by a moment ago may still be ending there.
    Raises EngineFault where all are taken.
    """
    first = secrets.randbelow(most)
    for slot in (*range(first, most), *range(first)):
        with socket.socket(socket.AF_UNIX) as sock:
            if _bound(sock, slot):
                yield slot
                return
    raise EngineFault(
        N_("All {most} slots for sandboxes on this machine are taken."),
        N_("Wait for another run to end."),
        most=most,
    )


def _bound(sock: socket.socket, slot: int) -> bool:
    with suppress(OSError):
        sock.bind(f"\0seamwork-slot-{slot}")
        return True
    return False
