"""What these tests share: users and a shop that are played, and a basket to order."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Annotated, Any

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


@users.post("/users/{user_id}/points")
def change_points(user_id: int) -> dict[str, int]:
    """Take the points, and forget them."""
    return {"user_id": user_id, "points": 0}


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
