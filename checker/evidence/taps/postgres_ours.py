"""Statements of our own on a client's connection, which never hears of them."""

from __future__ import annotations

import struct

from checker.evidence.taps.postgres_session import Request
from checker.evidence.taps.postgres_wire import message

__all__ = ["Sending", "failing", "ours_asked", "ours_bound", "ours_executed"]

OURS = b"seamwork_tap\0"
"""The name of our own statement and portal."""

Sending = tuple[bytes, list[tuple[bytes, Request]], list[tuple[bytes, Request]]]
"""What is sent for a request, and what of ours goes before and behind it."""


def failing(request: Request, sql: str) -> Sending:
    """Return what is sent in a request's place, so that it fails."""
    if request.kind == ord("Q"):
        return message(b"Q", sql.encode(), b"\0"), [], []
    return ours_executed(), ours_bound(sql), []


def ours_asked(sql: str) -> tuple[bytes, Request]:
    """Return a Query."""
    return message(b"Q", sql.encode(), b"\0"), Request(ord("Q"), ours=True, counted=False)


def ours_bound(sql: str) -> list[tuple[bytes, Request]]:
    """Return what makes a portal of it, for :func:`ours_executed`."""
    parse = message(b"P", OURS, sql.encode(), b"\0", struct.pack("!h", 0))
    bind = message(b"B", OURS, OURS, struct.pack("!hhh", 0, 0, 0))
    close = message(b"C", b"S", OURS)
    return [(raw, Request(raw[0], ours=True, counted=False)) for raw in (close, parse, bind)]


def ours_executed() -> bytes:
    """Return the Execute of what was bound last; whose it is, is the caller's business."""
    return message(b"E", OURS, struct.pack("!i", 0))
