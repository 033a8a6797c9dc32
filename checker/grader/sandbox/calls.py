"""Which system calls there are in a cell, as a program for the kernel: made with libseccomp, which knows every machine's numbers."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import socket
import tempfile
from functools import cache

__all__ = ["seccomp"]

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EQ, GREATER, MASKED = 4, 6, 7
REFUSED = """
unshare setns mount umount2 pivot_root chroot move_mount open_tree open_tree_attr fsopen fsmount fsconfig fspick mount_setattr
ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd
add_key request_key keyctl bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd
name_to_handle_at open_by_handle_at iopl ioperm modify_ldt syslog settimeofday clock_settime clock_adjtime adjtimex
lookup_dcookie vhangup sethostname setdomainname fanotify_init
""".split()  # noqa: SIM905  (sixty words read better than sixty lines)
"""What no service needs, and what has let people out before."""
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
FAMILIES = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
"""Of sockets. AF_VSOCK leads to the machine around a virtual one, whatever network namespace one is in."""
HIGHEST = 45
INTERNET = (socket.AF_INET, socket.AF_INET6)
STREAM, KINDS = 1, 0xF
"""Of sockets for the internet there is one kind, and TCP alone: Landlock knows no ports of UDP, nor of MPTCP, SCTP, …."""
FAST_OPEN = 0x20000000
"""Sends, and calls somebody at that, where Landlock does not look."""
SENDS = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}
"""Which argument has the flags."""


class _Compare(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


@cache
def seccomp() -> bytes:
    """Return the program; empty where there is no libseccomp."""
    try:
        lib = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return b""
    lib.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(lib.seccomp_init(ALLOW))
    try:
        for name in REFUSED:
            _refuse(lib, rules, name, errno.EPERM)
        _refuse(lib, rules, "clone3", errno.ENOSYS)  # its flags cannot be seen; who hears this takes clone
        for flag in NAMESPACES:
            _refuse(lib, rules, "clone", errno.EPERM, _Compare(0, MASKED, flag, flag))
        for family in {*range(HIGHEST + 1)} - FAMILIES:
            _refuse(lib, rules, "socket", errno.EAFNOSUPPORT, _Compare(0, EQ, family, 0))
        _refuse(lib, rules, "socket", errno.EAFNOSUPPORT, _Compare(0, GREATER, HIGHEST, 0))
        _tcp_alone(lib, rules)
        with tempfile.TemporaryFile() as file:
            if lib.seccomp_export_bpf(rules, file.fileno()) != 0:
                return b""
            file.seek(0)
            return file.read()
    finally:
        lib.seccomp_release(rules)


def _tcp_alone(lib: ctypes.CDLL, rules: ctypes.c_void_p) -> None:
    for family in INTERNET:
        ours = _Compare(0, EQ, family, 0)
        for kind in {*range(KINDS + 1)} - {STREAM}:
            _refuse(lib, rules, "socket", errno.EPROTONOSUPPORT, ours, _Compare(1, MASKED, KINDS, kind))
        for protocol in {*range(socket.IPPROTO_TCP)} - {0}:
            _refuse(lib, rules, "socket", errno.EPROTONOSUPPORT, ours, _Compare(2, EQ, protocol, 0))
        _refuse(lib, rules, "socket", errno.EPROTONOSUPPORT, ours, _Compare(2, GREATER, socket.IPPROTO_TCP, 0))
    # Of netlink what says which addresses there are; by others processes can talk to each other.
    to_the_kernel = _Compare(0, EQ, socket.AF_NETLINK, 0)
    _refuse(lib, rules, "socket", errno.EPROTONOSUPPORT, to_the_kernel, _Compare(2, GREATER, 0, 0))
    for name, place in SENDS.items():
        _refuse(lib, rules, name, errno.EOPNOTSUPP, _Compare(place, MASKED, FAST_OPEN, FAST_OPEN))


def _refuse(lib: ctypes.CDLL, rules: ctypes.c_void_p, name: str, number: int, *compares: _Compare) -> None:
    call = lib.seccomp_syscall_resolve_name(name.encode())
    if call >= 0:  # an older libseccomp does not know the newest; a number below zero is no call of this machine
        array = (_Compare * len(compares))(*compares)
        lib.seccomp_rule_add_array(rules, ERRNO | number, call, len(compares), array)
