"""A service that others would like to know more of: the shop, in a cell of its own."""

import contextlib
import ctypes
import os
import socket
import sys
import time
from pathlib import Path

port, key = int(sys.argv[1]), int(sys.argv[2])
Path("ledger.txt").unlink(missing_ok=True)  # of a victim that was somebody else
Path("ledger.txt").write_text("the shop's", "utf-8")
libc = ctypes.CDLL(None)
segment = libc.shmget(key, 4096, 0o1666)
tcp, abstract = socket.create_server(("127.0.0.1", port)), socket.socket(socket.AF_UNIX)
abstract.bind("\0the-shop")
abstract.listen()
answering = []
with contextlib.suppress(OSError):
    answering.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    answering[-1].bind(("127.0.0.1", port))
with contextlib.suppress(OSError):
    answering.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2))
    answering[-1].bind((port, 0))
print("up", flush=True)
for sock in (tcp, abstract, *answering):
    sock.setblocking(False)
held = []
while os.getpid():
    for sock in (tcp, abstract):
        try:
            caller, _ = sock.accept()
        except BlockingIOError:
            continue
        caller.sendall(b"the shop answers")
        held.append(caller)
    for sock in answering:
        with contextlib.suppress(BlockingIOError):
            sock.sendto(b"the shop answers", sock.recvfrom(100)[1])
    if Path("stolen.txt").exists():
        Path("answer.txt").write_text("the shop read it", "utf-8")
    time.sleep(0.02)
