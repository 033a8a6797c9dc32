"""What these tests share: orders, played; a broker, played; and how a payment comes about."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

TOTAL_CENTS = 2500
"""What every order comes to in the service that is played."""

orders = FastAPI()


@orders.get("/orders/{order_id}")
def read_order(order_id: int) -> dict[str, Any]:
    """Have every order, waiting for its payment."""
    return {"id": order_id, "status": "created", "total_cents": TOTAL_CENTS}


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


async def begun(payments: httpx.AsyncClient, order: int) -> dict[str, Any]:
    """Begin to pay for an order; the payment."""
    payment: dict[str, Any] = (await payments.post("/payments", json={"order_id": order, "channel": "card"})).json()
    return payment


async def decided(payments: httpx.AsyncClient, order: int, result: str) -> dict[str, Any]:
    """Begin to pay for an order, and let the provider say how that went; the payment."""
    told = {"payment_id": (await begun(payments, order))["id"], "result": result}
    payment: dict[str, Any] = (await payments.post("/payments/callback", json=told)).json()
    return payment


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
