"""The resources of these tests: the service, somebody who buys, something to buy, and what the relay publishes.

The database at DATABASE_URL is the service's own, migrated, and it may have seen these tests before: so each test brings
a buyer and products that nobody else has. What the service knows of its neighbours are addresses; it is given others.
"""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.orders import db, relay
from services.orders.app import app
from services.orders.models import Stock
from services.orders.tests.world import Published, served, shop, trouble, users

BOUNDS = {
    "CALL_BUDGET_MS": "500",
    "CALLS_AT_ONCE": "10",
    "BREAKER_FAILURES": "5",
    "BREAKER_RESET_MS": "0",  # what one test has broken is well for the next one
}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests: the service's connections belong to it."""
    return "asyncio"


@pytest.fixture(scope="session")
async def orders() -> AsyncIterator[httpx.AsyncClient]:
    """The service as its callers see it. Each request has a session of its own, and keeps nothing for the next one."""
    os.environ.update(BOUNDS)
    with served(shop) as os.environ["SHOP_URL"], served(users) as os.environ["USERS_URL"]:
        caller = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://orders")
        async with app.router.lifespan_context(app), caller:
            yield caller


@pytest.fixture
def buyer() -> int:
    """The id of a customer who has not ordered yet."""
    return secrets.randbelow(2**31 - 1) + 1


@pytest.fixture
def stocked() -> Callable[[int], Awaitable[str]]:
    """Something to buy: what puts so many pieces of a new product into stock, and returns its SKU."""

    async def put(pieces: int) -> str:
        sku = f"TEST-{secrets.token_hex(8).upper()}"
        async with AsyncSession(db.engine()) as session, session.begin():
            session.add(Stock(sku=sku, available=pieces))
        return sku

    return put


@pytest.fixture
def publish() -> Callable[[], Awaitable[Published]]:
    """What lets the relay publish one batch, and returns what it would have sent to the broker."""

    async def published() -> Published:
        sent = Published()
        async with AsyncSession(db.engine()) as session, session.begin():
            await relay.publish(session, sent.take)
        return sent

    return published


@pytest.fixture
def users_in_trouble() -> Iterator[list[int]]:
    """What users answers instead, status by status, as long as there is one left; nothing at first."""
    trouble.clear()
    yield trouble
    trouble.clear()
