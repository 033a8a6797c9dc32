"""A store is brought to this program's revision when it is opened: in one transaction, or not at all."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from checker.errors import N_, UsageError
from checker.grader.store.address import Address
from checker.grader.store.lock import Lock

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

__all__ = ["HEAD", "bring_up", "config", "found_in", "no_store"]

HEAD = "seamwork_0002"
MIGRATIONS = Path(__file__).with_name("migrations")
ALONE = "SELECT pg_advisory_xact_lock(7348295)"
"""Two who open a new store at once wait for each other."""


def found_in(connection: Connection) -> str | None:
    """Return the revision of what is there, None when nothing is. Raises UsageError on what is no store."""
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    if "alembic_version" not in tables or "runs" not in tables:
        raise UsageError(
            N_("There is a database already, and it is no store of marks: it has {table}."),
            N_("Name a new file, or another schema (?schema=…)."),
            table=min(tables),
        )
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def bring_up(engine: Engine, address: Address, lock: Lock, *, new: bool) -> None:
    """Bring what is there to HEAD, or make it. Raises UsageError on what a newer seamwork wrote, or another program.

    Raises what ``lock`` raises while somebody grades into an older store.
    """
    try:
        with engine.connect() as connection:
            revision = found_in(connection)
        if revision == HEAD:
            return
        if revision is None and not new:
            raise no_store(address)
        alone = nullcontext() if revision is None else lock()
        with alone, engine.connect().execution_options(writes=True) as connection, connection.begin():
            _bring_up(connection, address)
    except DBAPIError as reason:
        raise UsageError(
            N_("The store {where} cannot be used: {reason}"),
            N_("See that it is there, that it may be written, and that it is a store; or name another."),
            where=address.words,
            reason=str(reason.orig).strip().partition("\n")[0],
        ) from None


def no_store(address: Address) -> UsageError:
    """Return what is said where there is no store, and none is to be made."""
    return UsageError(
        N_("There is no store at {where}."), N_("seamwork grade makes it, with the first run."), where=address.words
    )


def config(connection: Connection) -> Config:
    """Return what Alembic has to know to work on this connection."""
    from alembic.config import Config  # noqa: PLC0415  (only a store that is not up to date pays for it)

    found = Config(attributes={"connection": connection})
    found.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return found


def _bring_up(connection: Connection, address: Address) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if address.schema:
        connection.execute(text(ALONE))
        if not inspect(connection).has_schema(address.schema):
            connection.execute(text(f"CREATE SCHEMA {address.schema}"))
    alembic = config(connection)
    revision = found_in(connection)
    known = {script.revision for script in ScriptDirectory.from_config(alembic).walk_revisions()}
    if revision is not None and revision not in known:
        raise UsageError(
            N_("The store {where} was written by a newer seamwork (its revision is {revision!r}, ours {ours!r})."),
            N_("Use that one, or name another store."),
            where=address.words,
            revision=revision,
            ours=HEAD,
        )
    command.upgrade(alembic, "head")
