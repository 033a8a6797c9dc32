"""What these tests share: users, a shop and a broker that are played, a basket to order, and what payments tells."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Annotated, Any
from uuid import uuid4

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query

PRICE_CENTS = 1250
"""What everything costs in the shop that is played."""

trouble: list[int] = []
"""What users answers instead of what it should: a status for each question, as long as there is one."""


def _trouble() -> None:
    if trouble:
        raise HTTPException(trouble.pop(0))


shop = FastAPI()
users = FastAPI(dependencies=[Depends(_trouble)])


@users.get("/users/{user_id}")
def read_user(user_id: int) -> dict[str, Any]:
    """Know everybody."""
    return {"id": user_id, "nickname": "Ada"}


@users.get("/users")
def list_users(user_ids: Annotated[list[int], Query(alias="id")]) -> list[dict[str, Any]]:
    """Know everybody, many at a time."""
    return [read_user(user_id) for user_id in user_ids]


@shop.get("/products")
def list_products(skus: Annotated[list[str], Query(alias="sku")]) -> list[dict[str, Any]]:
    """Have everything, at one price."""
    return [{"sku": sku, "price_cents": PRICE_CENTS} for sku in skus]


class Published:
    """What was sent to the broker, in this order."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def take(self, event: str) -> None:
        """Take what the relay sends."""
        self.events.append(json.loads(event))

    def of(self, *order_ids: int) -> list[tuple[str, dict[str, int]]]:
        """Return type and data of the events about these orders."""
        return [(event["type"], event["data"]) for event in self.events if event["data"]["order_id"] in order_ids]


def told(kind: str, order: Mapping[str, Any], *, version: str = "1.0", **more: Any) -> bytes:
    """Return the event that a payment for an order has gone this way; ``more`` is in its data as well."""
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/payments",
        "type": kind,
        "dataschema": f"/events/{kind}/{version}",
        "data": {"payment_id": 500, "order_id": order["id"], "amount_cents": order["total_cents"], **more},
    }
    return json.dumps(event).encode()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Answer for ``app`` on a port that is free, and say where."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        thread = Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def basket(user_id: int, pieces: Mapping[str, int]) -> dict[str, Any]:
    """Return the body of an order for so many pieces of each product."""
    return {
        "user_id": user_id,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in pieces.items()],
        "address": {
            "recipient": "Ada Byron",
            "street": "St James's Square 12",
            "city": "London",
            "postcode": "SW1Y 4JH",
            "country": "GB",
        },
    }
