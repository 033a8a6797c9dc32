"""Backing services: PostgreSQL and Redis, wherever they come from, behind one small interface.

Embedded binaries by default; installed programs, a server by its URL, or containers instead.
"""

from __future__ import annotations

from checker.backing.adopting import Adopted
from checker.backing.connect import redacted
from checker.backing.opening import open_postgres, open_redis, specs
from checker.backing.postgres import Database, Member, Postgres
from checker.backing.starter import Started, Starter, SubprocessStarter
from checker.backing.statements import Statement
from checker.backing.valkey import Redis

__all__ = [
    "Adopted",
    "Database",
    "Member",
    "Postgres",
    "Redis",
    "Started",
    "Starter",
    "Statement",
    "SubprocessStarter",
    "open_postgres",
    "open_redis",
    "redacted",
    "specs",
]
