"""The tap before a Redis or Valkey server: which commands a process sends, and what becomes of each."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from checker.evidence.taps.base import Tap
from checker.evidence.taps.orders import Dropped, Held, TapFault
from checker.evidence.taps.redis_faults import Failed
from checker.evidence.taps.redis_link import RedisLink
from checker.evidence.taps.redis_notes import Notes, RedisCommand

if TYPE_CHECKING:
    from checker.evidence.loop import Loop
    from checker.evidence.proxy import Address
    from checker.ledger import Ledger

__all__ = ["RedisTap"]

LOADING = "LOADING Redis is loading the dataset in memory"


class RedisTap(Tap):
    """A proxy between ``caller``, one process, and a Redis or Valkey server. It reads RESP2 and RESP3.

    Bytes pass as they came; what cannot be read passes too, and its connection is noted as opaque. The faults take a
    command's name ("XADD"; "XGROUP" is every command of that kind; None is any) and a key or stream that it names.
    Each acts on the k-th such command from now on, ``only``; of several that are due the newest.
    """

    def __init__(
        self,
        loop: Loop,
        ledger: Ledger,
        caller: str,
        callee: str,
        upstream: Address,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.notes = Notes(ledger)
        super().__init__(loop, ledger, caller, callee, upstream, host=host, port=port)

    @property
    def by_name(self) -> Counter[str]:
        """How many commands of each name there ever were: {"XADD": 3}."""
        return self.notes.counts()

    def commands(self, name: str | None = None, key: str | None = None) -> list[RedisCommand]:
        """Return the commands since the last ``mark()`` with this name and key, oldest first: copies."""
        return self.notes.commands(name, key)

    def url_for(self, url: str) -> str:
        """Return the URL that leads through this tap to where ``url`` leads: only host and port are others."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}{self._port.host}:{self.port}").geturl()

    def mark(self) -> None:
        """Begin anew with ``commands()``."""
        self.notes.mark()

    def hold(self, name: str | None = None, key: str | None = None, *, only: int = 1, after: bool = False) -> Held:
        """Hold a command before it reaches the server or, ``after`` the server has done it, its answer.

        What the client sends, or is sent, behind it waits too. A client that leaves takes a held command along.
        """
        held = Held(_said("holds", name, key, after=after), self, partial(_is_for, name, key), only, after)
        self.on(held)
        return held

    def fail(
        self, name: str | None = None, key: str | None = None, *, error: str = LOADING, only: int | None = None
    ) -> TapFault:
        """Answer a command with an error, and keep it from the server; a transaction it is in is aborted, as there."""
        error = " ".join(error.removeprefix("-").split())
        what = f"{_said('fails', name, key)}: {error}"
        return self.on(Failed(what, self, partial(_is_for, name, key), only, error=error))

    def drop(
        self, name: str | None = None, key: str | None = None, *, only: int | None = 1, after: bool = True
    ) -> TapFault:
        """Close the client's connection instead of the answer; or, not ``after``, before the server sees the command."""
        return self.on(Dropped(_said("drops", name, key, after=after), self, partial(_is_for, name, key), only, after))

    def link(self, number: int) -> RedisLink:
        """Return, in the loop, what carries the connection with this number: 1 is the first."""
        return RedisLink(self, number)

    def due(self, command: RedisCommand) -> Failed | Held | Dropped | None:
        """Return, in the loop, the fault that is for this command, once for each command."""
        due = [one for one in self.faults if isinstance(one, (Failed, Held, Dropped)) and one.sees(command)]
        if not due:
            return None
        command.fault = due[0].what
        return due[0]


def _is_for(name: str | None, key: str | None, command: RedisCommand) -> bool:
    return command.is_for(name, key)


def _said(verb: str, name: str | None, key: str | None, *, after: bool = False) -> str:
    whose = " ".join(word for word in (name or "any command", key) if word)
    return f"{verb} the answer to {whose}" if after else f"{verb} {whose}"
