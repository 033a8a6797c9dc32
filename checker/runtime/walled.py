"""A network of a process's own, with nothing on it but loopback and the doors that are asked for: for the launcher's child.

Standard library only, as the launcher is. A door is a socket that listens inside and is handed to whoever is outside, who
lets in what may come: a socket stays in the network in which it was made, whoever holds it (network_namespaces(7)).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
from collections.abc import Sequence

__all__ = ["hand_out", "loopback_up", "wall_off"]

NEW_USER, NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of sched.h
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP of netdevice(7)
WAITING = 64


def wall_off(ports: Sequence[int], outside: int) -> None:
    """Leave the network for one of our own, and hand a listener on each of ``ports`` to the socket ``outside``.

    Where the system does not allow it, nothing changes, and nothing is handed out. Raises OSError.
    """
    if _leave():
        loopback_up()
        hand_out(ports, outside)
    else:
        os.close(outside)


def hand_out(ports: Sequence[int], outside: int) -> None:
    """Hand a listener on each of ``ports``, of the network that we are in, to the socket ``outside``, and close that."""
    with socket.socket(fileno=outside) as out, contextlib.ExitStack() as doors:
        listening = [doors.enter_context(_listener(port)) for port in ports]
        socket.send_fds(out, [b"doors"], [door.fileno() for door in listening])


def _leave() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NET) == 0:
        return True
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(NEW_USER | NEW_NET) != 0:  # a plain user may, in a user namespace; not everywhere
        return False
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  (as the launcher: no pathlib)
            file.write(line)
    return True


def loopback_up() -> None:
    """Switch on the loopback of the network we are in. Raises OSError."""
    import fcntl  # noqa: PLC0415  (not on Windows)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh14x", b"lo", 0)
        name, flags = struct.unpack("16sh14x", fcntl.ioctl(sock, GET_FLAGS, request))
        fcntl.ioctl(sock, SET_FLAGS, struct.pack("16sh14x", name, flags | UP))


def _listener(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    door.listen(WAITING)
    return door
