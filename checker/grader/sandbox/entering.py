"""Enter the namespaces of one submission: a network with loopback only, mounts of one's own, and where needed a user's."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from pathlib import Path

from checker.errors import N_, EngineFault
from checker.grader.sandbox import mounting
from checker.runtime.locked import CAPABILITY_V3, call, libc
from checker.runtime.walled import loopback_up

__all__ = ["SHARED", "enter", "enter_network"]

NEW_NS, NEW_USER, NEW_NET = 0x20000, 0x10000000, 0x40000000
PR_CAP_AMBIENT, AMBIENT_RAISE, CAPABILITIES = 47, 2, 64
SHARED = Path("/dev/shm")  # noqa: S108  (mounted over: ours alone from then on)
EVERYTHING = 0xFFFFFFFF


def enter(*, room: int, network: bool = True) -> None:
    """Leave the machine's network and mounts, for good; servers' data has ``room`` bytes. Called before any thread is.

    A plain user becomes the master of a user namespace, where their own number is the only one. Raises EngineFault where
    threads run already, OSError where the system does not let us.
    """
    _one_thread()
    flags = NEW_NS | (NEW_NET if network else 0)
    if os.geteuid() == 0:
        call("unshare", flags)
    else:
        _be_master(flags)
    mounting.private()
    if network:
        loopback_up()
    mounting.tmpfs(SHARED, size=room, mode="1777")


def enter_network(pid: int) -> None:
    """Leave the machine's network for that of another process, for good. Raises as :func:`enter` does."""
    _one_thread()
    with Path(f"/proc/{pid}/ns/net").open("rb") as network:
        call("setns", network.fileno(), NEW_NET)


def _one_thread() -> None:
    if sys.platform != "linux" or len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208  (counted)
        raise EngineFault(N_("A sandbox is entered on Linux, by a process that has one thread."))


def _be_master(flags: int) -> None:
    uid, gid = os.geteuid(), os.getegid()
    call("unshare", NEW_USER | flags)
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(line, "ascii")
    _hand_down()


def _hand_down() -> None:
    """Let what we execute have our rights in this namespace: the launcher makes cells."""
    header = struct.pack("Ii", CAPABILITY_V3, 0)
    have = ctypes.create_string_buffer(24)
    call("capget", header, have)
    effective, permitted, _, more, allowed, _ = struct.unpack("6I", have.raw)
    call("capset", header, struct.pack("6I", effective, permitted, permitted, more, allowed, allowed))
    for number in range(CAPABILITIES):
        libc.prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, number, 0, 0)  # says no for those there are not
