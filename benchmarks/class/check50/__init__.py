"""The four checks as a check50 problem.

check50 runs each check in a process and a folder of its own, as many at once as there are cores, and what a check
started ends with it: so each of them starts the service, as checks of a server do there.
"""
# ruff: noqa: D401  (what a check promises is a sentence)

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

import check50

PATIENCE = 10
CREATED, UNKNOWN, INVALID = 201, 404, 422


@check50.check()
def kept() -> None:
    """A note is kept, and has a number."""
    with _notes() as at:
        reply = requests.post(f"{at}/notes", json={"text": "milk"}, timeout=PATIENCE)
        _expect((reply.status_code, reply.json()["text"]), (CREATED, "milk"))


@check50.check()
def read_back() -> None:
    """A note that was kept can be read."""
    with _notes() as at:
        number = requests.post(f"{at}/notes", json={"text": "bread"}, timeout=PATIENCE).json()["id"]
        found = requests.get(f"{at}/notes/{number}", timeout=PATIENCE).json()
        _expect(found, {"id": number, "text": "bread"})


@check50.check()
def unknown() -> None:
    """There is no note that was not kept."""
    with _notes() as at:
        _expect(requests.get(f"{at}/notes/2000000000", timeout=PATIENCE).status_code, UNKNOWN)


@check50.check()
def empty() -> None:
    """A note says something."""
    with _notes() as at:
        _expect(requests.post(f"{at}/notes", json={"text": ""}, timeout=PATIENCE).status_code, INVALID)


@contextmanager
def _notes() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"{os.environ['CLASS_UVICORN']} notes.app:app --host 127.0.0.1 --port {port} --no-access-log"
    service = check50.run(command)
    try:
        _await_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        service.kill()


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise check50.Failure("the service does not listen")


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise check50.Failure(f"expected {expected!r}, not {found!r}")
