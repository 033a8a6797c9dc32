"""The resource of these tests: the shop.

The database at DATABASE_URL is the shop's own, as its release leaves it. What the shop knows of its neighbours are
addresses; it is given others.
"""

import os
from collections.abc import AsyncIterator

import httpx
import pytest

from shop import db
from shop.app import app
from shop.tests.world import orders, served, users


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests: the shop's connections belong to it."""
    return "asyncio"


@pytest.fixture(scope="session")
async def shop() -> AsyncIterator[httpx.AsyncClient]:
    """The shop as its callers see it. Each request has a session of its own, and keeps nothing for the next one."""
    with served(orders) as os.environ["ORDERS_URL"], served(users) as os.environ["USERS_URL"]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as caller:
            yield caller
        await db.engine().dispose()
