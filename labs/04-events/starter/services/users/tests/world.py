"""What these tests share: how somebody becomes a customer, and what orders tells."""

import json
import secrets
from typing import Any
from uuid import uuid4

import httpx


async def joined(users: httpx.AsyncClient, nickname: str) -> dict[str, Any]:
    """Take in somebody new; what is to be said of them from now on."""
    email = f"{secrets.token_hex(8)}@bazaar.example"
    created = await users.post("/users", json={"nickname": nickname, "email": email})
    return {"id": created.json()["id"], "nickname": nickname, "email": email}


def told(kind: str, order: int, customer: int, *, version: str = "1.0", **more: Any) -> bytes:
    """Return the event that this has become of an order for 25 euro; ``more`` is in its data as well."""
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/orders",
        "type": kind,
        "dataschema": f"/events/{kind}/{version}",
        "data": {"order_id": order, "user_id": customer, "total_cents": 2550, **more},
    }
    return json.dumps(event).encode()
