"""The resources of these tests: the service, somebody who buys, and something to buy.

The database at DATABASE_URL is the service's own, migrated, and it may have seen these tests before: so each test brings
a buyer and products that nobody else has. What the service knows of the shop is an address; it is given another one.
"""

import os
import secrets
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy.orm import Session

from services.orders import db
from services.orders.app import app
from services.orders.models import Stock
from services.orders.shop import client
from services.orders.tests.world import served, shop


@pytest.fixture(scope="session")
def orders() -> Iterator[httpx.Client]:
    """The service as its callers see it, on a port of its own."""
    with served(shop) as os.environ["SHOP_URL"]:
        with served(app) as address, httpx.Client(base_url=address) as caller:
            yield caller
        client().close()
        db.engine().dispose()


@pytest.fixture
def buyer() -> int:
    """The id of a customer who has not ordered yet."""
    return secrets.randbelow(2**31 - 1) + 1


@pytest.fixture
def stocked() -> Callable[[int], str]:
    """Something to buy: what puts so many pieces of a new product into stock, and returns its SKU."""

    def put(pieces: int) -> str:
        sku = f"TEST-{secrets.token_hex(8).upper()}"
        with Session(db.engine()) as session, session.begin():
            session.add(Stock(sku=sku, available=pieces))
        return sku

    return put
