"""Open a PostgreSQL or a Redis from what was asked for: "embedded", "path", "docker", or a URL."""

from __future__ import annotations

from typing import NoReturn

from checker.backing import binaries
from checker.backing.cluster import Cluster
from checker.backing.connect import redacted
from checker.backing.places import server_uid
from checker.backing.postgres import Postgres
from checker.backing.starter import Starter, SubprocessStarter
from checker.backing.valkey import Redis, Valkey
from checker.errors import N_, UsageError

__all__ = ["open_postgres", "open_redis", "specs"]

POSTGRES_URLS = ("postgresql://", "postgres://")
REDIS_URLS = ("redis://", "rediss://", "unix://")


def open_postgres(spec: str = "embedded", starter: Starter | None = None, *, statements: bool = False) -> Postgres:
    """Return a PostgreSQL server, ready: "embedded", "path", "docker", or "postgresql://admin:password@host:port/db".

    ``starter`` starts its process; ``statements`` lets :meth:`Postgres.statements` read what it was asked (embedded and
    path only). Raises UsageError for another ``spec``, Blocked when there is none to be had, EngineFault when ours
    does not start.
    """
    starter = starter or SubprocessStarter()
    match spec:
        case "embedded":
            return _own(binaries.postgres_embedded(server_uid()), starter, statements=statements)
        case "path":
            return _own(binaries.postgres_on_path(), starter, statements=statements)
        case "docker":
            return _contained()
        case _ if spec.startswith(POSTGRES_URLS):
            from checker.backing.lent import postgres_at  # noqa: PLC0415  (most runs need none of it)

            return postgres_at(spec)
    _refuse(spec)
    return None


def open_redis(spec: str = "embedded", starter: Starter | None = None, *, guarded: bool = False) -> Redis:
    """Return an empty Redis, ready: "embedded" (Valkey), "path", "docker", or "redis://:password@host:port/0".

    ``guarded``: who uses it can neither end nor set it (embedded and path only). Raises as :func:`open_postgres`.
    """
    starter = starter or SubprocessStarter()
    match spec:
        case "embedded":
            return Redis(Valkey(binaries.redis_embedded(server_uid()), starter, guarded=guarded))
        case "path":
            return Redis(Valkey(binaries.redis_on_path(), starter, guarded=guarded))
        case "docker":
            from checker.backing.containers import RedisContainer  # noqa: PLC0415

            return Redis(RedisContainer())
        case _ if spec.startswith(REDIS_URLS):
            from checker.backing.leased import LeasedRedis  # noqa: PLC0415

            return Redis(LeasedRedis(spec))
    _refuse(spec)
    return None


def specs(backing: str) -> tuple[str, str]:
    """Split what ``--backing`` was given into what PostgreSQL and what Redis come from.

    A word holds for both; URLs are separated by commas, and what has none is embedded. Raises UsageError.
    """
    if backing in {"embedded", "path", "docker"}:
        return backing, backing
    postgres = redis = "embedded"
    for url in backing.split(","):
        if url.startswith(POSTGRES_URLS):
            postgres = url
        elif url.startswith(REDIS_URLS):
            redis = url
        else:
            _refuse(url)
    return postgres, redis


def _own(program: binaries.Program, starter: Starter, *, statements: bool) -> Postgres:
    cluster = Cluster(program, starter, statements=statements)
    return Postgres(cluster, cluster.connection)


def _contained() -> Postgres:
    from checker.backing.containers import PostgresContainer  # noqa: PLC0415

    container = PostgresContainer()
    return Postgres(container, container.connection)


def _refuse(spec: str) -> NoReturn:
    raise UsageError(
        N_("{spec!r} is no backing."),
        N_("Take embedded, path, docker, or a URL: postgresql://admin:password@host:5432/postgres."),
        spec=redacted(spec),
    )
