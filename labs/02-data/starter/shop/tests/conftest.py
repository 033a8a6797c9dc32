"""The resources of these tests: the shop, and a customer.

The database at DATABASE_URL is the shop's own, as its release leaves it, and it may have seen these tests before: so each
test brings a customer and orders that nobody else has. What the shop knows of orders is an address; it is given another one.
"""

import os
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from shop import db
from shop.app import app
from shop.tests.world import orders, served


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests: the shop's connections belong to it."""
    return "asyncio"


@pytest.fixture(scope="session")
async def shop() -> AsyncIterator[httpx.AsyncClient]:
    """The shop as its callers see it. Each request has a session of its own, and keeps nothing for the next one."""
    with served(orders) as os.environ["ORDERS_URL"]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as caller:
            yield caller
        await db.engine().dispose()


@pytest.fixture
async def customer(shop: httpx.AsyncClient) -> int:
    """The id of somebody who has just become a customer."""
    email = f"{secrets.token_hex(8)}@bazaar.example"
    created = await shop.post("/users", json={"nickname": "Ada", "email": email})
    return int(created.json()["id"])


@pytest.fixture
def order() -> int:
    """The number of an order that nobody has heard of yet."""
    return secrets.randbelow(2**31 - 1) + 1
