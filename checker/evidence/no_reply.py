"""The ways in which no whole reply comes back, and the words for each."""

from __future__ import annotations

from typing import NamedTuple

from checker.errors import N_, BadReply, LearnerFault, NoReply
from checker.evidence.headers import NotHTTPError

__all__ = ["LARGEST", "HalfAReplyError", "NothingError", "TooLargeError", "Words", "words_for"]

LARGEST = 8 * 2**20
"""Bytes of a reply's body."""


class NothingError(Exception):
    """The connection was closed before a reply began."""


class HalfAReplyError(Exception):
    """The connection was closed in the middle of a reply."""


class TooLargeError(Exception):
    """The reply has no end in sight."""


class Words(NamedTuple):
    """What to raise, with which message (of ``callee``, ``asked``, ``at``, ``seconds``, ``found``), and a note for the ledger."""

    kind: type[LearnerFault]
    message: str
    note: str
    move: str = ""


_WORDS: dict[type[Exception], Words] = {
    TimeoutError: Words(NoReply, N_("{callee} did not answer {asked} within {seconds:g} s."), "no reply in time"),
    ConnectionRefusedError: Words(
        NoReply,
        N_("{callee} refused the connection for {asked}: nobody listens on {at}."),
        "refused",
        N_("Is it still running? Its log says."),
    ),
    NothingError: Words(
        NoReply, N_("{callee} closed the connection without an answer to {asked}."), "closed before a reply"
    ),
    HalfAReplyError: Words(
        NoReply,
        N_("{callee} closed the connection in the middle of its answer to {asked}."),
        "closed in the middle of a reply",
    ),
    NotHTTPError: Words(
        BadReply, N_("{callee} answered {asked} with something that is not HTTP: {found}."), "not HTTP"
    ),
    TooLargeError: Words(BadReply, N_("{callee} answered {asked} with more than 8 MiB."), "too large"),
    OSError: Words(NoReply, N_("{callee} cut the connection before it had answered {asked}."), "reset before a reply"),
}


def words_for(error: Exception) -> Words:
    """Return the words for what came instead of a reply."""
    return next(words for kind, words in _WORDS.items() if isinstance(error, kind))
