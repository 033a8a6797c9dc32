"""What a process gives up for good before somebody else's code runs in it: user, privileges, room, and what it may call.

Standard library only: this runs under the learner's interpreter, loaded by path. Landlock (landlock(7)) and seccomp
(seccomp(2)) ask for no rights; where the kernel has none, there is none, and whoever made the cell has said so.
"""
# ruff: noqa: PTH112  (os.path keeps the launcher small and quick to start)

from __future__ import annotations

import base64
import contextlib
import ctypes
import os
import resource
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["call", "drop_bounds", "drop_privileges", "drop_user", "landlock_abi", "lock", "unseen"]

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 4, 22, 24, 38, 47
FILTER, AMBIENT_CLEAR = 2, 4  # SECCOMP_MODE_FILTER, PR_CAP_AMBIENT_CLEAR_ALL
CAPABILITY_V3, CAPABILITIES = 0x20080522, 64

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
BENEATH, PORT = 1, 2  # kinds of rule
READS = 0b1101  # execute, read file, read directory
LISTS = 1 << 3
FILES = 0b111 | 1 << 14 | 1 << 15  # what can be said of a file: execute, write, read, truncate, ioctl
DEVICES = 1 << 6 | 1 << 11  # make a device: nobody may
LAST = {1: 13, 2: 14, 3: 15, 4: 15}
"""By version: rights on files there are; from the fifth on sixteen."""
NETWORK, SCOPES = 4, 6
"""The versions from which on ports, and abstract sockets and signals, are known."""
CONNECT = 1 << 1

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: Any) -> int:
    """Call a function of the C library. Raises OSError, which names it, where that returns -1."""
    result = getattr(libc, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return int(result)


def lock(cell: Mapping[str, Any]) -> None:
    """Give up everything that ``cell`` says; what this process does from now on, the learner's code could do."""
    _limit(cell["limits"])
    if cell["privileges"]:
        drop_bounds()
    if cell["uid"] is not None:
        drop_user(cell["uid"])
    if cell["privileges"]:
        drop_privileges()
    if cell["landlock"]:
        _fence(**cell["landlock"])
    if cell["seccomp"]:
        _filter(base64.b64decode(cell["seccomp"]))
    call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # it may read its own /proc, as every process


def unseen() -> None:
    """Let nobody of the same user look into this process, or trace it."""
    call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)


def drop_user(uid: int) -> None:
    """Become that user, with the group of the same number and no other."""
    if uid != os.geteuid():
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def drop_privileges() -> None:
    """Give up every capability, and the way to get one again: no program is more than we are."""
    drop_bounds()
    libc.prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR, 0, 0, 0)
    header, nothing = struct.pack("Ii", CAPABILITY_V3, 0), bytes(24)
    call("capset", header, nothing)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_bounds() -> None:
    """Bound what programs can get to nothing; only who has the right to can."""
    for number in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)  # says no for those there are not


def _limit(limits: Mapping[str, int]) -> None:
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            value = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (value, value))


# Landlock


def landlock_abi() -> int:
    """Return the version of Landlock here; 0 where there is none."""
    return max(0, int(libc.syscall(CREATE_RULESET, None, 0, 1)))


def _fence(reads: Sequence[str], writes: Sequence[str], ports: Sequence[int] | None) -> None:
    """See only what is below ``reads``, change only what is below ``writes``, call only these TCP ports (None: any)."""
    abi = landlock_abi()
    if not abi:
        return
    every = (1 << LAST.get(abi, 16)) - 1
    handled = [every, CONNECT if ports is not None else 0, 0b11]
    attributes = struct.pack("QQQ", *handled)[: 8 if abi < NETWORK else 16 if abi < SCOPES else 24]
    rules = call("syscall", CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        _let(rules, ["/"], LISTS)  # the names in its own small world are no secret
        _let(rules, reads, every & READS)
        _let(rules, writes, every & ~DEVICES)
        if abi >= NETWORK:
            for port in ports or ():
                call("syscall", ADD_RULE, rules, PORT, struct.pack("QQ", CONNECT, port), 0)
        call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        call("syscall", RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _let(rules: int, places: Iterable[str], rights: int) -> None:
    for place in places:
        with contextlib.suppress(FileNotFoundError):
            below = os.open(place, os.O_PATH | os.O_CLOEXEC)
            try:
                given = rights if os.path.isdir(place) else rights & FILES
                call("syscall", ADD_RULE, rules, BENEATH, struct.pack("=Qi", given, below), 0)
            finally:
                os.close(below)


# Seccomp


def _filter(program: bytes) -> None:
    """Load a BPF program that says which system calls there are."""
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", PR_SET_SECCOMP, FILTER, described, 0, 0)
