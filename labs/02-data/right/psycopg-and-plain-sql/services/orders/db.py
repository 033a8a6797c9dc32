"""The database of this service: a connection for each request, and rows as dictionaries."""

import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends
from psycopg import AsyncConnection
from psycopg.rows import dict_row

Row = dict[str, Any]
Connection = AsyncConnection[Row]


async def connect() -> Connection:
    """Open a connection to DATABASE_URL; its first statement begins a transaction."""
    return await AsyncConnection.connect(os.environ["DATABASE_URL"], row_factory=dict_row, options="-c timezone=UTC")


async def _connection() -> AsyncIterator[Connection]:
    opened = await connect()
    try:
        yield opened
    finally:
        await opened.close()  # what was not committed is gone


Db = Annotated[Connection, Depends(_connection)]
