"""The resources of these tests: the service on a port of its own, somebody who buys, and something to buy."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from threading import Thread

import httpx
import pytest
from werkzeug.serving import make_server

from services.orders import db
from services.orders.models import Stock
from services.orders.tests.world import served, shop, trouble, users
from services.orders.web import app

BOUNDS = {
    "CALL_BUDGET_MS": "500",
    "CALLS_AT_ONCE": "10",
    "BREAKER_FAILURES": "1000",  # the breaker has tests of its own, where it comes from
    "BREAKER_RESET_MS": "1000",
}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests."""
    return "asyncio"


@pytest.fixture(scope="session")
async def orders() -> AsyncIterator[httpx.AsyncClient]:
    """The service as its callers see it."""
    os.environ.update(BOUNDS)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    with served(shop) as os.environ["SHOP_URL"], served(users) as os.environ["USERS_URL"]:
        thread.start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as caller:
            yield caller
        server.shutdown()
        server.server_close()
    db.engine().dispose()


@pytest.fixture
def buyer() -> int:
    """The id of a customer who has not ordered yet."""
    return secrets.randbelow(2**31 - 1) + 1


@pytest.fixture
def stocked() -> Callable[[int], Awaitable[str]]:
    """Something to buy: what puts so many pieces of a new product into stock, and returns its SKU."""

    async def put(pieces: int) -> str:
        sku = f"TEST-{secrets.token_hex(8).upper()}"
        with db.session() as session, session.begin():
            session.add(Stock(sku=sku, available=pieces))
        return sku

    return put


@pytest.fixture
def users_in_trouble() -> Iterator[list[int]]:
    """What users answers instead, status by status, as long as there is one left; nothing at first."""
    trouble.clear()
    yield trouble
    trouble.clear()
