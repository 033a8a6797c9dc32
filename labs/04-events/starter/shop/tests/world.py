"""What these tests share: orders and users, played."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn
from fastapi import FastAPI

TOTAL_CENTS = 2500
"""What every order comes to in the service that is played."""

POINTS = 4711
"""What every customer has in the other one."""

orders = FastAPI()
users = FastAPI()


@orders.get("/orders/{order_id}")
def read_order(order_id: int) -> dict[str, Any]:
    """Have every order, waiting for its payment."""
    return {
        "id": order_id,
        "user_id": 1,
        "nickname": "Ada",
        "status": "created",
        "lines": [{"sku": "CUP-001", "quantity": 2, "unit_price_cents": 1250}],
        "subtotal_cents": TOTAL_CENTS,
        "discount_cents": 0,
        "total_cents": TOTAL_CENTS,
        "discount_code": None,
        "address": {
            "recipient": "Ada Byron",
            "street": "St James's Square 12",
            "city": "London",
            "postcode": "SW1Y 4JH",
            "country": "GB",
        },
        "created_at": "2026-03-02T08:15:00Z",
    }


@orders.get("/orders")
def list_orders() -> dict[str, Any]:
    """Have one of them."""
    return {"items": [read_order(1)], "total": 1}


@users.get("/users/{user_id}")
def read_user(user_id: int) -> dict[str, Any]:
    """Know everybody."""
    return {"id": user_id, "nickname": "Ada", "email": f"ada{user_id}@bazaar.example"}


@users.get("/users/{user_id}/points")
def read_points(user_id: int) -> dict[str, int]:
    """Have the same for everybody."""
    return {"user_id": user_id, "points": POINTS}


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
