"""The resources of these tests: the service, the number of an order, and what the relay publishes.

The database at DATABASE_URL is the service's own, migrated, and it may have seen these tests before: so each test brings
orders that nobody else has. What the service knows of orders is an address; it is given another one.
"""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.payments import db, relay
from services.payments.app import app
from services.payments.tests.world import Published, orders, served


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests: the service's connections belong to it."""
    return "asyncio"


@pytest.fixture(scope="session")
async def payments() -> AsyncIterator[httpx.AsyncClient]:
    """The service as its callers see it. Each request has a session of its own, and keeps nothing for the next one."""
    os.environ["CALL_BUDGET_MS"] = "2000"
    with served(orders) as os.environ["ORDERS_URL"]:
        caller = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://payments")
        async with app.router.lifespan_context(app), caller:
            yield caller


@pytest.fixture
def order() -> int:
    """The number of an order that nobody has heard of yet."""
    return secrets.randbelow(2**31 - 1) + 1


@pytest.fixture
def publish() -> Callable[[], Awaitable[Published]]:
    """What lets the relay publish one batch, and returns what it would have sent to the broker."""

    async def published() -> Published:
        sent = Published()
        async with AsyncSession(db.engine()) as session, session.begin():
            await relay.publish(session, sent.take)
        return sent

    return published
