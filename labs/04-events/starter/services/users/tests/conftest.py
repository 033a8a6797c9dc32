"""The resources of these tests: the service, and the number of an order.

The database at DATABASE_URL is the service's own, migrated, and it may have seen these tests before: so each test brings
customers and orders that nobody else has.
"""

import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from services.users.app import app


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests: the service's connections belong to it."""
    return "asyncio"


@pytest.fixture(scope="session")
async def users() -> AsyncIterator[httpx.AsyncClient]:
    """The service as its callers see it. Each request has a session of its own, and keeps nothing for the next one."""
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://users")
    async with app.router.lifespan_context(app), caller:
        yield caller


@pytest.fixture
def order() -> int:
    """The number of an order that nobody has heard of yet."""
    return secrets.randbelow(2**31 - 1) + 1
