"""Where messages are passed on behind a customer's back: what is asked all the time, and when a request has had its effect.

Relays and consumers look for news whether or not there is any. How often they did says how long we watched, and nothing
of what an order costs; so what is asked again and again while nobody orders anything is a poll, and is not counted
each time.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from checker.coupling.sql import tables

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from checker.backing.statements import Statement
    from checker.ledger import Exchange

__all__ = ["News", "Watched", "polls_of", "settled"]

EVERY = 0.05
"""Seconds between two looks."""
IDLE, QUIET, MOST = 20, 12, 100
"""Looks: at a system that nobody asks; that bring no news, until it is quiet (three rounds of a relay); after one request."""


News = tuple[list["Exchange"], list[tuple[str, "Statement"]]]
"""What services asked of each other, and of databases."""


class Watched(Protocol):
    """A system that is looked at."""

    def news(self) -> News:
        """Return what services asked since this was asked last."""


def polls_of(watched: Watched, *, every: float = EVERY) -> frozenset[tuple[str, str]]:
    """Return what services ask again and again while nobody asks them: (service, statement)."""
    seen = Counter[tuple[str, str]]()
    for _ in range(IDLE):
        time.sleep(every)
        seen.update((service, asked.sql) for service, asked in watched.news()[1])
    return frozenset(asked for asked, times in seen.items() if times > 1)


def settled(watched: Watched, polls: AbstractSet[tuple[str, str]], *, every: float = EVERY) -> News:
    """Return what is asked until there is nothing but polls any more: what a request has set off, near and far."""
    exchanges: list[Exchange] = []
    statements: list[tuple[str, Statement]] = []
    quiet = 0
    for _ in range(MOST):
        called, asked = watched.news()
        exchanges += called
        statements += asked
        news = any((service, each.sql) not in polls and tables(each.sql).touched for service, each in asked)
        quiet = 0 if called or news else quiet + 1
        if quiet == QUIET:
            break
        time.sleep(every)
    return exchanges, statements
